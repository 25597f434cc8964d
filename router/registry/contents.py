"""Reads the files of a version: what belongs together, its bytes, and the hash of one file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from router.errors import RegistryError
from router.registry.model import ModelKind


def sha256_of(path: Path) -> str | None:
    """Returns the hash of a file, None where there is none.

    It reads piece by piece: an encoder has more bytes than a server has to spare. Raises
    RegistryError.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RegistryError(
            f"{path} cannot be read: {error.strerror or error}; expected a file"
        ) from error


def with_companions(kind: ModelKind, files: Sequence[Path]) -> list[Path]:
    """Returns the files with the arrays and the card that belong to a head's description."""
    if kind not in (ModelKind.HEAD, ModelKind.CALIBRATOR):
        return [*files]
    for file in files:
        if not file.name:
            raise RegistryError(
                f"found the current folder in place of a file of the {kind}; expected its .json "
                "file"
            )
        arrays = file.with_suffix(".npz")
        missing = not arrays.is_file() and arrays.name not in {other.name for other in files}
        if file.suffix == ".json" and missing and _names_arrays(file):
            raise RegistryError(
                f"{file} names arrays, but {arrays.name} is not beside it; put it there, or name it"
            )
    described = [file for file in files if file.suffix == ".json"]
    more = [file.with_suffix(".npz") for file in described]
    if kind is ModelKind.HEAD:
        # It names the texts that taught the head: `train suggest` asks for none of them again.
        more += [file.with_suffix(".card.json") for file in described]
    return [*files, *(file for file in more if file.is_file() and file not in files)]


def _names_arrays(file: Path) -> bool:
    """Returns True for the description of a head, which is unreadable without its arrays."""
    try:
        described = msgspec.json.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError):
        return False  # reading its contents, or loading it, says what is wrong
    return isinstance(described, dict) and "arrays_sha256" in described


def contents_of(paths: Sequence[Path]) -> dict[str, bytes]:
    """Returns the bytes of each file by its name; a folder stands for all below it.

    Raises RegistryError, also for a link in a folder that leads out of it: whoever adds a folder of
    somebody else's would keep files of this machine that were never part of the model.
    """
    contents: dict[str, bytes] = {}
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in inside:
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            if path.is_dir() and not file.resolve().is_relative_to(path.resolve()):
                raise RegistryError(
                    f"{file} is a link to {file.resolve()}, outside of {path}; expected the file "
                    f"itself: copy the folder with `cp -rL {path} COPY` and add COPY, or name the "
                    "files one by one"
                )
            if name in contents:
                raise RegistryError(f"two files are called {name}; expected one of each name")
            try:
                contents[name] = file.read_bytes()
            except OSError as error:
                raise RegistryError(
                    f"{file} cannot be read: {error.strerror or error}; expected a file"
                ) from error
    if not contents:
        named = ", ".join(map(str, paths)) or "what was named"
        raise RegistryError(f"found no file in {named}; expected at least one file of the model")
    return contents
