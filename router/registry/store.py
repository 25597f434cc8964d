"""Says what a registry needs of the place where it is kept, and keeps one in a folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from router.errors import RegistryError


class Store(Protocol):
    """Keeps bytes under keys such as `events/NAME` or `files/FOLDER/NAME`.

    A key is written once and never again. Every method raises RegistryError.
    """

    shown: str
    """Names the place, without any secret."""
    checked_every_s: float
    """Says how often `marker` may be asked; 0: as often as one likes."""

    def put(self, key: str, content: bytes) -> None:
        """Writes a new key, whole or not at all."""
        ...

    def get(self, key: str) -> bytes | None:
        """Returns the bytes of a key, None where there is none."""
        ...

    def names(self, folder: str) -> list[str]:
        """Returns the names directly below `folder`, sorted; [] where there is no such folder."""
        ...

    def drop(self, folder: str) -> None:
        """Deletes all keys below `folder`."""
        ...

    def path(self, key: str) -> Path | None:
        """Returns the file of a key where it is one of this machine, None where it is not."""
        ...

    def marker(self) -> str:
        """Returns a text that differs after every change."""
        ...


class FolderStore:
    """Keeps a registry in a folder of this machine, or of a disk that several share."""

    checked_every_s = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self.shown = str(folder)

    def put(self, key: str, content: bytes) -> None:
        file = self._folder / key
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Files of `mkstemp` are their owner's alone, and a name with a dot is not yet there.
            descriptor, unfinished = tempfile.mkstemp(prefix=".", dir=file.parent)
            try:
                with os.fdopen(descriptor, "wb") as written:
                    written.write(content)
                    written.flush()
                    os.fsync(written.fileno())
                os.replace(unfinished, file)
            except BaseException:
                Path(unfinished).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _refused(file, error) from error

    def get(self, key: str) -> bytes | None:
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused(self._folder / key, error) from error

    def names(self, folder: str) -> list[str]:
        try:
            listed = os.listdir(self._folder / folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _refused(self._folder / folder, error) from error
        return sorted(name for name in listed if not name.startswith("."))

    def drop(self, folder: str) -> None:
        try:
            shutil.rmtree(self._folder / folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _refused(self._folder / folder, error) from error

    def path(self, key: str) -> Path | None:
        return self._folder / key

    def marker(self) -> str:
        return marker_of(self.names("events"))


def marker_of(names: list[str]) -> str:
    """Returns a marker from the names of all changes.

    The last name alone would not do: a slow writer's change may come before others.
    """
    return hashlib.blake2b("\0".join(names).encode(), digest_size=8).hexdigest()


def _refused(place: Path, error: OSError) -> RegistryError:
    return RegistryError(
        f"the registry's {place} cannot be read or written: {error.strerror or error}; expected a "
        "folder that this user may change, with room left"
    )
