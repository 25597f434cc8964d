"""Makes temporary folders that end with their process, or with the next start after it was killed.

The owner holds a lock on a file of its folder, so the kernel says whether a folder has an owner.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from router.locks.file_lock import FileLock

OWNER = "owner"


class OwnedFolder:
    """Holds a temporary folder of this process, until `close`."""

    def __init__(self, prefix: str) -> None:
        """Makes the folder. Removes those of this prefix whose owners were killed."""
        _remove_left_behind(prefix)
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        file = self.path / f"{OWNER}.new"
        self._lock = FileLock.wait_for(file)
        # It has its name only when it is locked: whoever finds it free finds no owner.
        file.rename(self.path / OWNER)

    def close(self) -> None:
        """Removes the folder; a second call does nothing."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()


def _remove_left_behind(prefix: str) -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with contextlib.suppress(OSError):  # of another user, without an owner, or just removed
            lock = FileLock.take(folder / OWNER, make=False)
            if lock is not None:
                with lock:
                    shutil.rmtree(folder, ignore_errors=True)
