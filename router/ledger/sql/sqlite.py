"""Speaks to SQLite: opens a file, and translates its driver's errors."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from router.errors import LedgerCorrupt, LedgerError, LedgerUnavailable
from router.ledger.sql import locks
from router.ledger.sql.cursor import Cursor
from router.ledger.sql.private_files import make_private

ERRORS: tuple[type[Exception], ...] = (sqlite3.Error,)
_CORRUPT = ("malformed", "not a database")
_BEGINNING = b"SQLite format 3\0"
CHECKPOINT_PAGES = 4_000
"""Pages of the `-wal` file (16 MB) after which a commit copies them into the ledger's file and
waits for the disk twice. A request alone writes some twenty pages, so with SQLite's 1,000 one in
fifty waited."""
LOG_BYTES = CHECKPOINT_PAGES * 4_096
"""Size to which the `-wal` file is cut once all of it is in the ledger's file. SQLite never cuts it
by itself: after an upload that filled the disk it would keep that room from all others."""
_NO_ACCESS = ("unable to open database file", "readonly database")


def ledger_error(original: BaseException) -> LedgerError | None:
    """Returns our error for one of this driver; None for another's."""
    if isinstance(original, sqlite3.OperationalError):
        message = f"the ledger's database cannot be written or read now: {original}"
        if any(words in str(original) for words in _NO_ACCESS):
            message += "; expected a file in a folder that this user may write, also to read it"
        return LedgerUnavailable(message)
    if isinstance(original, sqlite3.DatabaseError) and any(
        word in str(original) for word in _CORRUPT
    ):
        return LedgerCorrupt(f"the ledger's database is corrupt: {original}; restore a copy")
    return None


def check_file(path: Path, *, create: bool) -> None:
    """Refuses a file of another program before SQLite changes its mode or its first page.

    Raises LedgerError, LedgerCorrupt.
    """
    asked = "expected the file of a ledger, which `tiergate serve` or `tiergate demo` wrote"
    try:
        with path.open("rb") as file:
            beginning = file.read(len(_BEGINNING))
    except FileNotFoundError:
        if create:
            return
        raise LedgerError(f"no ledger at {str(path)!r}; {asked}: name it with --database") from None
    except IsADirectoryError as error:
        raise LedgerError(
            f"found the folder {str(path)!r}; {asked}: name the file in it with --database"
        ) from error
    except OSError as error:
        raise LedgerError(
            f"found {str(path)!r}, which cannot be opened ({error.strerror}); {asked}: name it "
            "with --database, or get the right to read and write it"
        ) from error
    if not beginning and not create:
        raise LedgerError(f"found an empty file at {str(path)!r}; {asked}: name it with --database")
    if beginning and beginning != _BEGINNING:
        raise LedgerCorrupt(
            f"the ledger's database {str(path)!r} is corrupt, or it is another kind of file: it "
            "does not begin as files of SQLite do; restore a copy, or name a ledger with --database"
        )


class SqliteDialect:
    """Holds what differs from PostgreSQL; see `database.Dialect`."""

    begin_snapshot = "BEGIN"
    version_table = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"

    def __init__(self, path: Path, synchronous: str, busy_timeout_ms: int) -> None:
        self._path = path
        self._map = f"{path}-shm"
        self._synchronous = synchronous
        self._busy_timeout_ms = busy_timeout_ms

    def engine(self) -> Engine:
        """Returns an engine with connections in WAL mode; only its owner may read the file."""
        for suffix in ("-wal", "-shm"):
            beside = self._path.with_name(self._path.name + suffix)
            if beside.exists():
                make_private(beside)
        if self._path.parent.is_dir():
            make_private(self._path)  # SQLite gives its WAL files the same mode
        engine = create_engine(
            URL.create("sqlite", database=str(self._path)),
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": self._busy_timeout_ms / 1000, "cached_statements": 256},
            pool_size=5,
            max_overflow=10,
        )
        _set_pragmas(engine, self._synchronous)
        event.listen(engine, "checkout", lambda *_: self._check_map())
        return engine

    def cursor(self, connection: DBAPIConnection) -> Cursor:
        """Returns the driver's own cursor: its placeholders are ours."""
        return connection.cursor()

    def begin_writing(
        self, execute: Callable[[str], object], patience_ms: int | None = None
    ) -> None:
        """Begins with the write lock; waits for it as `database.Dialect` says.

        Raises LedgerUnavailable.
        """
        self._check_map()
        if patience_ms is None:
            execute("BEGIN IMMEDIATE")
            return
        execute(f"PRAGMA busy_timeout = {patience_ms}")
        try:
            execute("BEGIN IMMEDIATE")
        finally:
            execute(f"PRAGMA busy_timeout = {self._busy_timeout_ms}")

    def _check_map(self) -> None:
        """Refuses to go on where the `-shm` file became immutable, or its disk read-only.

        SQLite writes to that file through a map of memory, also to read. The system ends a process
        that writes to such a map (SIGBUS). Raises LedgerUnavailable.
        """
        if not os.access(self._map, os.W_OK) and os.path.exists(self._map):
            raise LedgerUnavailable(
                f"the ledger's file {os.path.basename(self._map)!r} cannot be written now: it, or "
                "its disk, became read-only; expected a file that this user may write. Make it "
                "writable again: requests go on then, without a restart"
            )

    def migrating(self, _connection: Connection) -> AbstractContextManager[object]:
        """Holds a lock that migrations of this file wait for."""
        return locks.wait_for(self._path.with_name(self._path.name + ".migrate"))


def _set_pragmas(engine: Engine, synchronous: str) -> None:
    def on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        # Changing the journal mode needs the file for oneself, and SQLite does not wait for that;
        # so workers that open a new file at the same moment ask again for a second.
        for attempt in range(20):
            try:
                cursor.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError:
                if attempt == 19:
                    raise
                time.sleep(0.05)
        cursor.execute(f"PRAGMA synchronous = {synchronous.upper()}")
        # Deleted texts are overwritten, however this machine's SQLite was built.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        cursor.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
        cursor.close()

    event.listen(engine, "connect", on_connect)
