"""Writes a dataset into a folder of its own, and reads it back after checking its hashes.

The folder's name is made from the hash, so that no dataset replaces another. Its files are readable
by their owner only: they hold what people wrote.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from router.errors import TrainingDataError
from router.files.writing import write_private
from router.learning.dataset import (
    OBSERVED,
    ROWS,
    WEAK,
    Dataset,
    Manifest,
    manifest_of,
)
from router.learning.rows import FORMAT, DatasetRow, Observed

Row = TypeVar("Row", bound=Struct)
MANIFEST = "manifest.json"
NAME_LETTERS = 12


class Stored(Struct, frozen=True):
    """Holds a dataset that was read, with its manifest."""

    manifest: Manifest
    rows: tuple[DatasetRow, ...]
    weak: tuple[DatasetRow, ...]
    observed: tuple[Observed, ...]


def name_of(manifest: Manifest) -> str:
    """Returns the folder's name."""
    return f"ds_{manifest.hash[:NAME_LETTERS]}"


def write(dataset: Dataset, parent: Path) -> Path:
    """Writes the dataset below `parent` and returns its folder; does nothing where it is there.

    Raises TrainingDataError for a folder that cannot be written.
    """
    manifest = manifest_of(dataset)
    folder = parent / name_of(manifest)
    try:
        if (folder / MANIFEST).exists():
            return folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in dataset.contents().items():
            write_private(folder / name, content)
        # The manifest comes last: a folder without it was not finished.
        shown = msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=2)
        write_private(folder / MANIFEST, shown + b"\n")
    except OSError as error:
        raise TrainingDataError(
            f"{folder} cannot be written: {error.strerror or error}; expected a folder that may be "
            "written to, with room left"
        ) from error
    return folder


def read(folder: Path) -> Stored:
    """Returns a folder's dataset. Raises TrainingDataError where it is none, or was changed."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        contents = {name: (folder / name).read_bytes() for name in (ROWS, WEAK, OBSERVED)}
    except OSError as error:
        raise TrainingDataError(
            f"{folder} holds no dataset: {error.filename}: {error.strerror}. "
            "`tiergate dataset build` makes one."
        ) from error
    except msgspec.DecodeError as error:
        raise TrainingDataError(f"{folder / MANIFEST} is no manifest: {error}") from error
    if manifest.format != FORMAT:
        raise TrainingDataError(
            f"{folder} is a dataset of form {manifest.format}, and this version reads form "
            f"{FORMAT}; build it again (tiergate dataset build)"
        )
    for name, content in contents.items():
        note = manifest.files.get(name)
        if note is None or sha256(content).hexdigest() != note.sha256:
            raise TrainingDataError(f"{folder / name} was changed: its hash is not the manifest's")
    stored = Stored(
        manifest,
        tuple(_lines(contents[ROWS], DatasetRow)),
        tuple(_lines(contents[WEAK], DatasetRow)),
        tuple(_lines(contents[OBSERVED], Observed)),
    )
    made = Dataset(
        manifest.options,
        stored.rows,
        stored.weak,
        stored.observed,
        manifest.dropped,
        manifest.parents,
    )
    if manifest_of(made).hash != manifest.hash:
        raise TrainingDataError(f"{folder / MANIFEST} was changed: its hash does not cover it")
    return stored


def _lines(content: bytes, kind: type[Row]) -> list[Row]:
    return [msgspec.json.decode(line, type=kind) for line in content.splitlines() if line]
