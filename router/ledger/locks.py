"""Locks that die with their process: who is writing to a ledger, and who no longer is.

The kernel releases a file lock when its process ends, however it ends; so unlike a process id or a
heartbeat it can be neither stale nor taken over by a stranger, and holds across containers which
share the volume. A writer's slot is such a lock; what a free slot has left open is a crash.
"""

from __future__ import annotations

import fcntl
import os
import re
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from router.errors import LedgerError


class FileLock:
    """An exclusive lock on a file of its own; held until `release` or the end of the process."""

    __slots__ = ("__weakref__", "_descriptor")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        # A forked child would share the lock and keep it past our death: it lets go at once.
        reference = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _close(reference()))

    @classmethod
    def take(cls, path: Path, *, wait: bool = False) -> FileLock | None:
        """The lock, or None when another one holds it. Raises LedgerError when it can't be made."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LedgerError(f"cannot lock {path.name!r}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            os.close(descriptor)
            raise LedgerError(f"cannot lock {path.name!r}: {error.strerror}") from error
        return cls(descriptor)

    @classmethod
    @contextmanager
    def waiting(cls, path: Path) -> Iterator[None]:
        """Hold the lock within the block, waiting for it first."""
        lock = cls.take(path, wait=True)
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def release(self) -> None:
        """Let go; a second time is no harm."""
        _close(self)


def _close(lock: FileLock | None) -> None:
    if lock is not None and lock._descriptor >= 0:
        os.close(lock._descriptor)
        lock._descriptor = -1


class WriterSlots:
    """The slots of one database's writers, numbered from `w1`; the number is the writer's id.

    A slot is taken over by the next process once its holder is dead, and the chain goes on: so
    there are never more chains than there were workers at one time.
    """

    def __init__(self, database: Path) -> None:
        self._folder = database.with_name(database.name + ".writers")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(f"cannot make {self._folder.name!r}: {error.strerror}") from error

    def claim(self) -> tuple[str, FileLock]:
        """The first free slot, locked."""
        for number in count(1):
            lock = FileLock.take(self._folder / f"w{number}")
            if lock is not None:
                return f"w{number}", lock
        raise AssertionError("count() does not end")

    def claim_dead(self, writer_id: str) -> FileLock | None:
        """The lock of a writer that is dead, or None when it is alive or no writer's name."""
        if not re.fullmatch(r"w[1-9][0-9]{0,8}", writer_id):
            return None
        return FileLock.take(self._folder / writer_id)
