"""Locks files beside the ledger's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from router.errors import LedgerError
from router.locks.file_lock import FileLock


def take(path: Path) -> FileLock | None:
    """Returns the lock, None while another process holds it. Raises LedgerError."""
    with _errors(path):
        return FileLock.take(path)


def wait_for(path: Path) -> FileLock:
    """Returns the lock as soon as no other process holds it; blocks. Raises LedgerError."""
    with _errors(path):
        return FileLock.wait_for(path)


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(
            f"found a lock {path.name!r} that cannot be made or taken ({error.strerror}); expected "
            "a folder that may be written, on a disk with file locks: name another with --database"
        ) from error
