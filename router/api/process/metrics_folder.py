"""Keeps the folder in which the workers of one server count, and removes what killed servers left.

The parent holds a lock on a file of the folder for as long as it lives, so the kernel says whether
the folder has an owner.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "tiergate-metrics-"
OWNER = "owner"


@contextlib.contextmanager
def metrics_folder() -> Iterator[str]:
    """Yields a folder of this process, which is removed at the end."""
    _remove_left_behind()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        file = Path(folder, f"{OWNER}.new")
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # It has its name only when it is locked: whoever finds it free finds no owner.
            file.rename(file.with_name(OWNER))
            yield folder
        finally:
            os.close(descriptor)


def _remove_left_behind() -> None:
    """Removes the folders of servers that were killed: those whose lock is free."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # locked, of another user, or removed meanwhile
            descriptor = os.open(folder / OWNER, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
