"""Locks files; a lock ends with its process.

The kernel releases a file lock when its process ends, for any reason. So a file lock, unlike a
process id or a heartbeat, is never stale and no stranger can take it over. It works across
containers which share the volume.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from router.errors import LedgerError


class FileLock:
    """Holds an exclusive lock on a file of its own, until `release` or the end of the process."""

    __slots__ = ("__weakref__", "_descriptor")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        # A forked child would share the lock and keep it past our death: it lets go at once.
        reference = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _close(reference()))

    @classmethod
    def take(cls, path: Path, *, wait: bool = False) -> FileLock | None:
        """Returns the lock, None when it is taken. Raises LedgerError when it can't be made."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _no_lock(path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            os.close(descriptor)
            raise _no_lock(path, error) from error
        return cls(descriptor)

    @classmethod
    @contextmanager
    def waiting(cls, path: Path) -> Iterator[None]:
        """Waits for the lock and holds it within the block."""
        lock = cls.take(path, wait=True)
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def release(self) -> None:
        """Releases the lock; a second call does nothing."""
        _close(self)


def _close(lock: FileLock | None) -> None:
    if lock is not None and lock._descriptor >= 0:
        os.close(lock._descriptor)
        lock._descriptor = -1


def _no_lock(path: Path, error: OSError) -> LedgerError:
    return LedgerError(
        f"found a lock {path.name!r} that cannot be made or taken ({error.strerror}); expected a "
        "folder that may be written, on a disk with file locks: name another with --database"
    )
