"""One SQLite file: how it is opened, migrated, read and written, and what its errors become.

Only this and `batch` speak to the driver. The engine runs in autocommit, so that a transaction
is exactly what `writing` (BEGIN IMMEDIATE) or the ledger's writer says it is. It knows nothing
about what the tables mean.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from router.errors import LedgerCorrupt, LedgerError, LedgerUnavailable
from router.ledger.locks import FileLock
from router.ledger.schema import SCHEMA_VERSION

Synchronous = Literal["normal", "full"]
FOREIGN_ERRORS = (SQLAlchemyError, sqlite3.Error, OverflowError, UnicodeError)
_MIGRATIONS = Path(__file__).parent / "migrations"
_CORRUPT = ("malformed", "not a database")


def ledger_error(error: Exception) -> LedgerError:
    """Ours for a driver's error; LedgerUnavailable when a later try may succeed."""
    original = error.orig if isinstance(error, DBAPIError) else error
    said = str(original if original is not None else error)
    if isinstance(original, sqlite3.OperationalError):
        return LedgerUnavailable(f"the ledger's database cannot be written or read now: {said}")
    if isinstance(original, sqlite3.DatabaseError) and any(word in said for word in _CORRUPT):
        return LedgerCorrupt(f"the ledger's database is corrupt: {said}; restore a copy")
    return LedgerError(f"the ledger's database refused a row: {said}")


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of the driver within the block into a LedgerError."""
    try:
        yield
    except FOREIGN_ERRORS as error:
        raise ledger_error(error) from error


def database_path(database: str | Path) -> Path:
    """The file behind a path or a `sqlite:///` address. Raises LedgerError for other databases."""
    text = str(database)
    if text.startswith("sqlite:///"):
        return Path(text.removeprefix("sqlite:///"))
    if "://" in text or text in ("", ":memory:"):
        raise LedgerError(
            f"the ledger's database is {text.split('://')[0] or 'empty'!r}; "
            "expected a file path or sqlite:///path"
        )
    return Path(text)


class Database:
    """An open database. Usable from any thread; every call takes a connection of its own."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self.engine = engine
        self.path = path

    @classmethod
    def open(
        cls,
        database: str | Path,
        *,
        synchronous: Synchronous = "normal",
        busy_timeout_ms: int = 5_000,
        create: bool = True,
    ) -> Database:
        """Open the file, creating or migrating it where needed.

        Raises: LedgerError (no such folder, no access, made by a newer version), LedgerCorrupt.
        """
        path = database_path(database)
        if not create and not path.exists():
            raise LedgerError(
                f"no ledger at {str(path)!r}; expected a database file that `tiergate serve` or "
                "`tiergate demo` wrote: name it with --database"
            )
        engine = create_engine(
            URL.create("sqlite", database=str(path)),
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": busy_timeout_ms / 1000, "cached_statements": 256},
            pool_size=5,
            max_overflow=10,
        )
        _set_pragmas(engine, synchronous)
        opened = cls(engine, path)
        try:
            opened._migrate()
        except LedgerError:
            engine.dispose()
            raise
        return opened

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries. Raises LedgerError for whatever the driver raises."""
        with translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that has the write lock from its start; committed unless the block raises.

        Raises LedgerUnavailable (locked for longer than the busy timeout, disk full), LedgerError.
        """
        with translated(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _migrate(self) -> None:
        """Run the missing migrations; one cheap query, and no import of alembic, when none is."""
        if self._stored_version() == SCHEMA_VERSION:
            return
        with FileLock.waiting(self.path.with_name(self.path.name + ".migrate")):
            stored = self._stored_version()
            if stored == SCHEMA_VERSION:
                return
            if stored is not None and stored > SCHEMA_VERSION:
                raise LedgerError(
                    f"the ledger's database has version {stored}; this Tiergate knows "
                    f"{SCHEMA_VERSION}: install the newer one"
                )
            with translated(), self.engine.connect() as connection:
                _upgrade(connection)

    def _stored_version(self) -> str | None:
        with self.reading() as connection:
            known = connection.exec_driver_sql(
                "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            ).first()
            if known is None:
                return None
            row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
            return None if row is None else str(row[0])


def _set_pragmas(engine: Engine, synchronous: Synchronous) -> None:
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
        cursor.close()

    event.listen(engine, "connect", on_connect)


def _upgrade(connection: Connection) -> None:
    """Run the migrations in one transaction on this connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        command.upgrade(config, "head")
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
