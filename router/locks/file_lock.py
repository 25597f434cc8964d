"""Locks files; a lock ends with its process.

The kernel releases a file lock when its process ends, for any reason. So a file lock, unlike a
process id or a heartbeat, is never stale and no stranger can take it over. It works across
containers which share the volume.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from functools import cache
from pathlib import Path
from typing import Self


class FileLock:
    """Holds an exclusive lock on a file, until `release` or the end of the process."""

    __slots__ = ("__weakref__", "_descriptor")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        _held().add(self)

    @classmethod
    def take(cls, path: Path, *, make: bool = True) -> FileLock | None:
        """Returns the lock, None while somebody else holds it.

        Raises OSError: for a file that cannot be opened or made, or is missing without `make`.
        """
        try:
            return cls(_locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB, make))
        except BlockingIOError:
            return None

    @classmethod
    def wait_for(cls, path: Path) -> FileLock:
        """Returns the lock as soon as nobody else holds it; blocks. Raises OSError."""
        return cls(_locked(path, fcntl.LOCK_EX, make=True))

    def release(self) -> None:
        """Releases the lock; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _locked(path: Path, how: int, make: bool) -> int:
    created = os.O_CREAT if make else 0
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | created, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@cache
def _held() -> weakref.WeakSet[FileLock]:
    """Returns the locks of this process; the first call sees to it that no child keeps them."""
    locks: weakref.WeakSet[FileLock] = weakref.WeakSet()

    def release_all() -> None:
        for lock in list(locks):
            lock.release()

    # A forked child would share the lock and keep it past our death: it lets go at once.
    os.register_at_fork(after_in_child=release_all)
    return locks
