"""Who is writing to a ledger, and who no longer is: the slots of its writers.

A slot is a lock that dies with its holder, numbered from `w1`; the number is the writer's id. It is
taken over by the next process once its holder is dead, and the chain goes on: so there are never
more chains than there were workers at one time. What a free slot has left open is a crash.

SQLite's slots are file locks beside the database. PostgreSQL's are advisory locks of the session
that the writer writes with: who lost the connection lost the slot, and can write nothing before it
holds one again, so no chain ever has two writers.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.engine.interfaces import DBAPIConnection

from router.errors import LedgerError
from router.ledger.sql.cursor import Cursor
from router.ledger.sql.database import FOREIGN_ERRORS, Database, translated
from router.ledger.sql.locks import FileLock
from router.ledger.sql.postgres import SLOTS
from router.ledger.sql.private_files import make_folder

DYING_S = 0.5
"""How long a server may take to notice that its client was killed. A start waits so long for each
other writer that has requests open, at most."""


class Slot(Protocol):
    """A writer's place, and the connection that it writes with."""

    @property
    def writer_id(self) -> str:
        """Whose chain it is; another one after a connection was lost and the place taken."""

    @property
    def connections(self) -> int:
        """How many connections there were; when it grows, what was in flight is in doubt."""

    def cursor(self) -> Cursor:
        """A cursor to write with, on a new connection where the last one broke.

        Raises the driver's error when there is no connection to be had.
        """

    def release(self) -> None:
        """Let go; a second time is no harm."""


class Slots(Protocol):
    """The slots of one database."""

    def claim(self) -> Slot:
        """The first free slot. Raises LedgerError."""

    def claim_dead(self, writer_id: str) -> Slot | None:
        """The slot of a writer that is dead; None when it lives, or that is no writer's id."""


def slots_of(database: Database) -> Slots:
    """The slots of this database. Raises LedgerError where locks cannot be made."""
    path = database.address.path
    return AdvisorySlots(database) if path is None else FileSlots(database, path)


def _number(writer_id: str) -> int | None:
    found = re.fullmatch(r"w([1-9][0-9]{0,8})", writer_id)
    return None if found is None else int(found[1])


# --- SQLite ---------------------------------------------------------------------------------------


class FileSlot:
    """A slot held by a file lock; its connection never breaks."""

    def __init__(self, database: Database, writer_id: str, lock: FileLock) -> None:
        self._database = database
        self._lock = lock
        self._connection: DBAPIConnection | None = None
        self._cursor: Cursor | None = None
        self.writer_id = writer_id
        self.connections = 1

    def cursor(self) -> Cursor:
        """The cursor to write with."""
        if self._cursor is None:
            self._connection = self._database.connect()
            self._cursor = self._database.cursor(self._connection)
        return self._cursor

    def release(self) -> None:
        """Close the connection and let go of the lock."""
        _close(self._connection)
        self._lock.release()


class FileSlots:
    """Slots in a folder beside the database."""

    def __init__(self, database: Database, path: Path) -> None:
        self._database = database
        self._folder = path.with_name(path.name + ".writers")
        try:
            make_folder(self._folder)
        except OSError as error:
            raise LedgerError(f"cannot make {self._folder.name!r}: {error.strerror}") from error

    def claim(self) -> Slot:
        """The first free slot. Raises LedgerError."""
        for number in count(1):
            lock = FileLock.take(self._folder / f"w{number}")
            if lock is not None:
                return FileSlot(self._database, f"w{number}", lock)
        raise AssertionError("count() does not end")

    def claim_dead(self, writer_id: str) -> Slot | None:
        """The slot of a dead writer."""
        if _number(writer_id) is None:
            return None
        lock = FileLock.take(self._folder / writer_id)
        return None if lock is None else FileSlot(self._database, writer_id, lock)


# --- PostgreSQL -----------------------------------------------------------------------------------


class AdvisorySlot:
    """A slot held by a session of the server."""

    def __init__(self, database: Database, number: int, connection: Any) -> None:
        self._database = database
        self._number = number
        self._connection = connection
        self._cursor = database.cursor(connection)
        self._released = False
        self.connections = 1

    @property
    def writer_id(self) -> str:
        """Whose chain it is."""
        return f"w{self._number}"

    def cursor(self) -> Cursor:
        """The cursor to write with; connects and claims anew where the connection is gone."""
        if self._connection.closed:
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
        """Let go of the lock and close the connection."""
        if self._released:
            return
        self._released = True
        with suppress(*FOREIGN_ERRORS):  # a connection that is gone took its lock with it
            # Closing alone would leave the lock until the server has noticed.
            self._cursor.execute("SELECT pg_advisory_unlock_all()")
        _close(self._connection)


class AdvisorySlots:
    """Slots as advisory locks of a server's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self) -> Slot:
        """The first free slot. Raises LedgerError."""
        with translated():
            connection = self._database.connect()
            number = _first_free(self._database.cursor(connection))
        return AdvisorySlot(self._database, number, connection)

    def claim_dead(self, writer_id: str) -> Slot | None:
        """The slot of a dead writer; one that was killed just now may take DYING_S to be found."""
        number = _number(writer_id)
        if number is None:
            return None
        with translated():
            connection = self._database.connect()
            if _locked(self._database.cursor(connection), number, DYING_S):
                return AdvisorySlot(self._database, number, connection)
        _close(connection)
        return None


def _first_free(cursor: Cursor) -> int:
    return next(number for number in count(1) if _locked(cursor, number, 0.0))


def _locked(cursor: Cursor, number: int, wait_s: float) -> bool:
    """Take the lock of this number, asking again until `wait_s` have passed."""
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
