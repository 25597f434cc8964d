"""Gives each writer of a ledger a slot, and finds the slots of dead writers.

A slot is a lock that ends with its holder, numbered from `w1`; the number is the writer's id. Once
its holder is dead, the next process takes the slot over, and the chain goes on. So there are never
more chains than there were workers at one time. A free slot with open requests is from a crash.

SQLite's slots are file locks next to the database. PostgreSQL's are advisory locks of the session
that the writer writes with: a writer that lost the connection lost the slot, and can write nothing
before it has one again, so no chain ever has two writers.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from itertools import chain, count
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.engine.interfaces import DBAPIConnection

from router.errors import LedgerError, LedgerUnavailable
from router.ledger.sql import locks
from router.ledger.sql.cursor import Cursor
from router.ledger.sql.database import FOREIGN_ERRORS, Database, translated
from router.ledger.sql.postgres import SLOTS, ended
from router.ledger.sql.private_files import make_folder
from router.locks.file_lock import FileLock

DYING_S = 0.5
"""Time in which a server notices that its client was killed. A start waits at most this long for
each other writer that has requests open."""


class Slot(Protocol):
    """Holds a writer's place, and the connection that it writes with."""

    @property
    def writer_id(self) -> str:
        """Returns the id of the chain; another one after a lost connection and a taken place."""

    @property
    def connections(self) -> int:
        """Returns the number of connections so far; when it grows, a running commit is in doubt."""

    def cursor(self) -> Cursor:
        """Returns a cursor to write with, on a new connection where the last one broke.

        Raises the driver's error when it cannot connect, and LedgerUnavailable.
        """

    def release(self) -> None:
        """Releases the slot; a second call does nothing."""


class Slots(Protocol):
    """Manages the slots of one database."""

    def claim(self) -> Slot:
        """Claims the first free slot. Raises LedgerError."""

    def claim_dead(self, writer_id: str, wait_s: float) -> Slot | None:
        """Returns the slot of a dead writer; None when it lives, or for an unknown id.

        Waits at most `wait_s` seconds for a server that has yet to notice the death.
        """


def slots_of(database: Database) -> Slots:
    """Returns the slots of this database. Raises LedgerError where locks cannot be made."""
    path = database.address.path
    return AdvisorySlots(database) if path is None else FileSlots(database, path)


def _number(writer_id: str) -> int | None:
    match = re.fullmatch(r"w([1-9][0-9]{0,8})", writer_id)
    return None if match is None else int(match[1])


class FileSlot:
    """Holds a slot by a file lock; its connection never breaks, but its lock's file may go."""

    def __init__(self, database: Database, folder: Path, writer_id: str, lock: FileLock) -> None:
        self._database = database
        self._path = str(database.address.path)
        self._folder = folder
        self._connection: DBAPIConnection | None = None
        self._cursor: Cursor | None = None
        self._file: tuple[int, int] | None = None  # what is written to
        self._beside = dict[str, tuple[int, int]]()  # what is written first, and its index
        self._rescued = False
        self._hold(writer_id, lock)
        self.connections = 1

    def _hold(self, writer_id: str, lock: FileLock) -> None:
        self.writer_id, self._lock = writer_id, lock
        self._lock_path = str(self._folder / writer_id)
        self._lock_file = _file_at(self._lock_path)

    def cursor(self) -> Cursor:
        """Returns the cursor to write with; claims anew where the lock's file was removed.

        Raises LedgerUnavailable where the path leads to no file or to another, or that of its log
        does: rows would be written to a file that nobody can open again.
        """
        if self._cursor is None:
            self._connection = self._database.connect()
            self._cursor = self._database.cursor(self._connection)
            self._file = _file_at(self._path)
        elif _file_at(self._path) != self._file:
            raise LedgerUnavailable(
                "the ledger's file was moved, removed or replaced while it is in use; expected "
                "the file that was opened: move it back, or start the gateway again"
            )
        for suffix in ("-wal", "-shm"):  # SQLite makes them late, and keeps them while it is open
            found = _file_at(self._path + suffix)
            if found != self._beside.get(suffix, found):
                self._rescue()
                raise LedgerUnavailable(
                    f"the ledger's {suffix} file was moved or removed while it is in use, so that "
                    "nobody else could read further rows; start the gateway again"
                )
            if found is not None:
                self._beside[suffix] = found
        if _file_at(self._lock_path) != self._lock_file:
            self._claim_anew()
        return self._cursor

    def _rescue(self) -> None:
        """Moves the rows of a log that has no name any more into the ledger's file, once."""
        if not self._rescued and self._cursor is not None:
            self._rescued = True
            with suppress(*FOREIGN_ERRORS):
                self._cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _claim_anew(self) -> None:
        """Claims the same slot or another: a lock without a file keeps no other process out."""
        try:
            make_folder(self._folder)
            writer_id, lock = _first_free_file(self._folder, self.writer_id)
        except (OSError, LedgerError) as error:
            raise LedgerUnavailable(
                f"the locks in {self._folder.name!r} were removed while they are in use, and "
                "cannot be made again; expected a folder that may be written"
            ) from error
        self._lock.release()
        self._hold(writer_id, lock)
        self.connections += 1  # another process may have written in the slot meanwhile

    def release(self) -> None:
        """Closes the connection and releases the lock."""
        _close(self._connection)
        self._lock.release()


class FileSlots:
    """Manages slots in a folder next to the database."""

    def __init__(self, database: Database, path: Path) -> None:
        self._database = database
        self._folder = path.with_name(path.name + ".writers")
        try:
            make_folder(self._folder)
        except OSError as error:
            raise LedgerError(f"cannot make {self._folder.name!r}: {error.strerror}") from error

    def claim(self) -> Slot:
        """Claims the first free slot. Raises LedgerError."""
        return FileSlot(self._database, self._folder, *_first_free_file(self._folder))

    def claim_dead(self, writer_id: str, wait_s: float) -> Slot | None:
        """Returns the slot of a dead writer, whose lock ended with it."""
        if _number(writer_id) is None:
            return None
        lock = locks.take(self._folder / writer_id)
        return None if lock is None else FileSlot(self._database, self._folder, writer_id, lock)


def _first_free_file(folder: Path, *before: str) -> tuple[str, FileLock]:
    """Returns the first free slot, those of `before` first. Raises LedgerError."""
    for writer_id in chain(before, (f"w{number}" for number in count(1))):
        lock = locks.take(folder / writer_id)
        if lock is not None:
            return writer_id, lock
    raise AssertionError("count() does not end")


def _file_at(path: str) -> tuple[int, int] | None:
    """Returns device and number of the file at a path, None without one."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


class AdvisorySlot:
    """Holds a slot by a session of the server."""

    def __init__(self, database: Database, number: int, connection: Any) -> None:
        self._database = database
        self._number = number
        self._connection = connection
        self._cursor = database.cursor(connection)
        self._released = False
        self.connections = 1

    @property
    def writer_id(self) -> str:
        """Returns the id of the chain."""
        return f"w{self._number}"

    def cursor(self) -> Cursor:
        """Returns the cursor to write with; connects and claims anew after a lost connection."""
        if ended(self._connection):
            connection: Any = self._database.connect()
            cursor = self._database.cursor(connection)
            try:
                # The old session may still hold the lock: the server has not noticed its end.
                if not _locked(cursor, self._number, DYING_S):
                    self._number = _first_free(cursor)
            except FOREIGN_ERRORS:
                _close(connection)
                raise
            self._connection, self._cursor = connection, cursor
            self.connections += 1
        return self._cursor

    def release(self) -> None:
        """Releases the lock and closes the connection."""
        if self._released:
            return
        self._released = True
        with suppress(*FOREIGN_ERRORS):  # a lost connection has released its lock
            # Without this the lock would stay until the server notices the closed connection.
            self._cursor.execute("SELECT pg_advisory_unlock_all()")
        _close(self._connection)


class AdvisorySlots:
    """Manages slots as advisory locks of a server's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self) -> Slot:
        """Claims the first free slot. Raises LedgerError."""
        with translated():
            connection = self._database.connect()
            number = _first_free(self._database.cursor(connection))
        return AdvisorySlot(self._database, number, connection)

    def claim_dead(self, writer_id: str, wait_s: float) -> Slot | None:
        """Returns the slot of a dead writer, whose session the server may notice late."""
        number = _number(writer_id)
        if number is None:
            return None
        with translated():
            connection = self._database.connect()
            if _locked(self._database.cursor(connection), number, wait_s):
                return AdvisorySlot(self._database, number, connection)
        _close(connection)
        return None


def _first_free(cursor: Cursor) -> int:
    return next(number for number in count(1) if _locked(cursor, number, 0.0))


def _locked(cursor: Cursor, number: int, wait_s: float) -> bool:
    """Takes the lock of this number; tries again until `wait_s` have passed."""
    deadline = time.monotonic() + wait_s
    while True:
        cursor.execute(f"SELECT pg_try_advisory_lock({SLOTS}, {number})")
        if cursor.fetchone()[0]:
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)


def _close(connection: DBAPIConnection | None) -> None:
    if connection is None:
        return
    with suppress(*FOREIGN_ERRORS):  # it may be broken
        connection.close()
