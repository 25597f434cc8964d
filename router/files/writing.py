"""Writes files that are there whole or not at all; it knows nothing about what they hold."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

OWNER_ONLY, BY_UMASK = 0o600, 0o666
ANY_WRITE = 0o222


def write_all(contents: Mapping[Path, bytes], *, private: bool = False) -> None:
    """Writes all files under other names, then renames them: either all are new or none is.

    So a full disk leaves older files whole, and a server never reads half of one. Links and rights
    of older files stay; where `private`, only its owner can read a new file. A device or a pipe is
    written as it is. Raises OSError, also where an older file is read-only: a rename needs only the
    right to the folder, and the file's owner meant it to stay.
    """
    # The name of a pipe, such as /dev/stdout, leads to a path that does not exist.
    places = {path: path if _is_device(path) else path.resolve() for path in contents}
    for path, place in places.items():
        _refuse_read_only(path, place)
    beside = {path: _beside(place) for path, place in places.items()}
    try:
        for path, content in contents.items():
            try:
                if beside[path] == places[path]:
                    places[path].write_bytes(content)
                else:
                    # Rights of an older file come later: it may be for its owner alone.
                    closed = private or places[path].exists()
                    _write_new(beside[path], content, OWNER_ONLY if closed else BY_UMASK)
            except OSError as error:
                # A full disk is told without a name, and a user has more than one disk.
                raise OSError(error.errno, error.strerror, str(path)) from error
        for path, new in beside.items():
            if new != places[path]:
                _put(new, places[path])
    finally:
        for path, new in beside.items():
            if new != places[path] and not new.is_dir():
                new.unlink(missing_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, which only its owner can read if it is new.

    Raises OSError.
    """
    write_all({path: content}, private=True)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields where a long file is written, which takes the place of `path` at the block's end.

    Where the block raises, an older file stays as it was, and nothing is left beside it. Links,
    rights, devices and read-only files are as in `write_all`. An older file in a folder that takes
    no other one, or that is mounted by itself, is written over. Raises OSError.
    """
    place = path if _is_device(path) else path.resolve()
    _refuse_read_only(path, place)
    beside = _beside(place)
    if beside == place or (place.is_file() and not os.access(place.parent, os.W_OK | os.X_OK)):
        yield place
        return
    try:
        try:
            _write_new(beside, b"", OWNER_ONLY if place.exists() else BY_UMASK)
            yield beside
            _reach_the_disk(beside)
        except OSError as error:
            of_another = error.filename is not None and error.filename != str(beside)
            if of_another or error.errno is None:  # no error of the system has no number
                raise
            raise OSError(error.errno, error.strerror, str(path)) from error
        try:
            _put(beside, place)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            shutil.copyfile(beside, place)
    finally:
        if not beside.is_dir():
            beside.unlink(missing_ok=True)


def _put(new: Path, place: Path) -> None:
    """Puts a file in the place of an older one, if there is one, whose rights it gets."""
    with contextlib.suppress(FileNotFoundError):
        new.chmod(stat.S_IMODE(place.stat().st_mode))
    new.replace(place)


def _reach_the_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_read_only(path: Path, place: Path) -> None:
    if place.is_file() and not _may_change(place):
        raise OSError(errno.EACCES, "the file is read-only (chmod u+w)", str(path))


def _write_new(path: Path, content: bytes, rights: int) -> None:
    """Writes a file and waits for the disk, so that a crash leaves none empty after the rename."""
    path.unlink(missing_ok=True)  # what a crash left may be readable by others
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, rights)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _may_change(place: Path) -> bool:
    """Returns False for a file without a right to write; root has every right, so bits count."""
    return bool(place.stat().st_mode & ANY_WRITE) and os.access(place, os.W_OK)


def _beside(place: Path) -> Path:
    """Returns where a new file is written first: the place itself for a device or a pipe."""
    return place if _is_device(place) else place.with_name(f".{place.name}.new")


def _is_device(path: Path) -> bool:
    """Returns True for what cannot be replaced by a file: a device, a pipe or a folder."""
    return path.exists() and not path.is_file()
