"""Files that their owner alone may read: the ledger, and what stands beside it.

A ledger tells who asks, how much and of what; with `privacy.store` it holds the words. The umask of
the commands makes everything else private; these are made so whoever opens them, a backend with the
library too.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
_OTHERS = 0o007


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, for the owner alone. Raises OSError.

    One that is there keeps its mode: it may hold other things.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=FOLDER_MODE, exist_ok=True)


def make_private(file: Path) -> None:
    """Make a file where there is none, and shut one that everybody may read, as earlier versions
    wrote it.

    What an owner shares with a group stays so. What is not ours to change, or cannot be opened, is
    left: whoever opens it next says what is wrong.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            if stat.S_IMODE(os.fstat(descriptor).st_mode) & _OTHERS:
                os.fchmod(descriptor, FILE_MODE)
        finally:
            os.close(descriptor)
