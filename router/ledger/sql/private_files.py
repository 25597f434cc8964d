"""Makes files that only their owner may read: the ledger, and the files next to it.

A ledger shows who asks, how much and about what; with `privacy.store` it holds the words. The umask
of the commands makes all other files private. These are private for every program that opens them,
also for a backend with the library.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
_OTHERS = 0o007


def make_folder(folder: Path) -> None:
    """Makes a folder and missing ones above it, only for the owner. Raises OSError.

    An existing folder keeps its mode: it may hold other files.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)


def make_private(file: Path) -> None:
    """Makes a missing file, and closes one that everybody may read, as earlier versions wrote it.

    A file that its owner shares with a group stays shared. A file that is not ours to change, or
    cannot be opened, stays as it is: the next code that opens it reports the fault.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            if stat.S_IMODE(os.fstat(descriptor).st_mode) & _OTHERS:
                os.fchmod(descriptor, FILE_MODE)
        finally:
            os.close(descriptor)
