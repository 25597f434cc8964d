"""Changes a model folder whole: a crash leaves the old model or the new one, and nothing between.

The files are written into a copy beside the folder, which then takes its place in one step.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_AT_FDCWD = -100  # paths are as the process sees them (fcntl.h)
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS


@contextmanager
def changed(folder: Path) -> Iterator[Path]:
    """Yields a copy of `folder` to write into, which takes its place when the block ends.

    The copy is empty where there is no folder yet. When the block raises, the folder stays as it
    was. Raises OSError where the folder's parent cannot be written, or where something is mounted
    on the folder.
    """
    folder = folder.resolve()  # the place of a link stays a link
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    copy = beside / folder.name
    try:
        if folder.is_dir():
            shutil.copytree(folder, copy)
        else:
            copy.mkdir()
        yield copy
        _settled(copy)
        _put(copy, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _settled(folder: Path) -> None:
    """Brings every file to the disk, so that a machine without power has whole ones too."""
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put(copy: Path, folder: Path) -> None:
    """Puts `copy` in the place of `folder`, which is then where the copy was."""
    if not folder.exists():
        copy.rename(folder)
    elif not _exchanged(copy, folder):
        _renamed(copy, folder)


def _renamed(copy: Path, folder: Path) -> None:
    """Does it in two steps; between them both models are beside the place of the folder."""
    before = folder.rename(copy.with_name("before"))
    try:
        copy.rename(folder)
    except BaseException:
        before.rename(folder)
        raise


def _exchanged(one: Path, other: Path) -> bool:
    """Exchanges the names of two folders in one step; False where the system cannot."""
    system = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    try:
        if sys.platform == "darwin":
            failed = system.renamex_np(*names, _EXCHANGE)
        else:
            failed = system.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE)
    except AttributeError:
        return False
    return not failed
