"""Opens, migrates, reads and writes a ledger's database, and translates its errors.

The address decides between SQLite and PostgreSQL. A `Dialect` holds their differences; statements
are the same on both. The engine runs in autocommit, so that a transaction is exactly the one that
`writing` or the ledger's writer makes. It knows nothing about the meaning of the tables.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from router.errors import LedgerError, LedgerUnavailable
from router.ledger.sql import postgres, sqlite
from router.ledger.sql.address import Address
from router.ledger.sql.cursor import Cursor
from router.ledger.sql.postgres import PostgresDialect
from router.ledger.sql.schema import EARLIER_NAMES, SCHEMA_VERSION
from router.ledger.sql.sqlite import SqliteDialect

Synchronous = Literal["normal", "full"]
FOREIGN_ERRORS: tuple[type[Exception], ...] = (
    SQLAlchemyError,
    *sqlite.ERRORS,
    OverflowError,
    UnicodeError,
)
_MIGRATIONS = Path(__file__).parent / "migrations"


Execute = Callable[[str], object]
"""Runs one statement on a connection or a cursor."""
HASTE = 20
"""Each wait for a lock after the first is shorter by this factor, while the lock lasts: a client is
promised five seconds, and a request may write four times."""
CLOSES_S = 5.0
"""Longest wait of `close` for other threads, as long as one of them may wait for a lock."""
LOOK_S = 0.005


class Dialect(Protocol):
    """Describes what differs between the databases."""

    begin_snapshot: str
    """Begins a transaction that reads one state of the database."""
    version_table: str
    """SQL that yields a row when the database was ever migrated."""

    def engine(self) -> Engine:
        """Returns connections in autocommit. Raises LedgerError where the driver is missing."""

    def cursor(self, connection: DBAPIConnection) -> Cursor:
        """Returns a cursor that takes `?`."""

    def migrating(self, connection: Connection) -> AbstractContextManager[object]:
        """Holds a lock while the schema changes."""

    def begin_writing(self, execute: Execute, patience_ms: int | None = None) -> None:
        """Begins a transaction that waits until no other one of the ledger writes.

        All that it waits for takes `patience_ms` at most, the busy timeout where that is None.
        Raises the driver's error.
        """


def ledger_error(error: Exception) -> LedgerError:
    """Returns our error for a driver's; LedgerUnavailable when a later try may succeed."""
    original = error.orig if isinstance(error, DBAPIError) else error
    # SQLite's words name tables and columns alone; SQLAlchemy's own hold statements and rows.
    description = str(original) if isinstance(original, sqlite.ERRORS) else type(error).__name__
    known: LedgerError | None = None
    if isinstance(error, PoolTimeout):
        known = LedgerUnavailable("the ledger's connections are all in use")
    elif original is not None:
        known = sqlite.ledger_error(original) or postgres.ledger_error(original)
    if isinstance(original, UnicodeEncodeError):
        known = LedgerError("found text with bytes that are no UTF-8; expected text in UTF-8")
    return known or LedgerError(f"the ledger's database refused a row: {description}")


@contextmanager
def translated() -> Iterator[None]:
    """Turns every error of the driver within the block into a LedgerError."""
    try:
        yield
    except FOREIGN_ERRORS as error:
        raise ledger_error(error) from error


class Database:
    """Holds an open database. Any thread may use it; every call takes a connection of its own."""

    def __init__(
        self, engine: Engine, address: Address, dialect: Dialect, *, hasty_ms: int
    ) -> None:
        """Stores the parts. Callers use `open`."""
        self.engine = engine
        self.address = address
        self._dialect = dialect
        self._hasty_ms = hasty_ms
        self._fault = ""  # why the last try to write failed; "" where it did not
        self._trying = threading.Lock()  # held by the one thread that tries meanwhile
        self.unreadable: Callable[[], None] = lambda: None
        """Is called when a reader, or a writer beside the ledger's, gets LedgerUnavailable."""

    @classmethod
    def open(
        cls,
        database: str | Path,
        *,
        synchronous: Synchronous = "normal",
        busy_timeout_ms: int = 5_000,
        create: bool = True,
    ) -> Database:
        """Opens the database at this address; creates or migrates its tables where needed.

        Raises: LedgerError (no such folder or server, no access, no driver, made by a newer
        version), LedgerCorrupt.
        """
        address = Address.parse(database)
        dialect: Dialect
        if address.url is not None:
            dialect = PostgresDialect(address.url, synchronous, busy_timeout_ms)
        else:
            assert address.path is not None
            sqlite.check_file(address.path, create=create)
            dialect = SqliteDialect(address.path, synchronous, busy_timeout_ms)
        engine = dialect.engine()
        opened = cls(engine, address, dialect, hasty_ms=busy_timeout_ms // HASTE)
        try:
            opened._migrate(create)
        except LedgerError as error:
            engine.dispose()
            # The address goes in front where the error does not name the database.
            if address.shown in error.message:
                raise
            raise type(error)(f"{address.shown}: {error.message}") from error
        return opened

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yields a connection for queries. Raises LedgerError for every error of the driver."""
        try:
            with translated(), self.engine.connect() as connection:
                yield connection
        except LedgerUnavailable:
            self.unreadable()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yields a connection whose queries all see the database as of the first query."""
        with self.reading() as connection:
            connection.exec_driver_sql(self._dialect.begin_snapshot)
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yields a transaction with the write lock from its start; commits unless the block raises.

        Raises LedgerUnavailable (locked for longer than the busy timeout, disk full), LedgerError.
        """
        try:
            with (
                translated(),
                self.engine.connect() as connection,
                self.transaction(connection.exec_driver_sql),
            ):
                yield connection
        except LedgerUnavailable:
            self.unreadable()
            raise

    def connect(self) -> DBAPIConnection:
        """Returns a new connection of the driver, outside the pool. Raises FOREIGN_ERRORS."""
        driver = self.engine.dialect.loaded_dbapi
        try:
            pooled = self.engine.raw_connection()
        except driver.Error as error:
            raise DBAPIError(None, None, error) from error
        connection: DBAPIConnection | None = pooled.driver_connection
        pooled.detach()
        assert connection is not None
        return connection

    def cursor(self, connection: DBAPIConnection) -> Cursor:
        """Returns a cursor of a driver's connection, for statements with `?`."""
        return self._dialect.cursor(connection)

    @contextmanager
    def transaction(self, execute: Execute) -> Iterator[None]:
        """Commits what the block writes, or rolls it back where the block raises.

        The first one waits for locks in full. From then on one thread at a time tries, and briefly,
        until one has committed; all others are refused at once. Without this the waits of one
        request would add up. Raises the driver's error, LedgerUnavailable.
        """
        fault = self._fault
        if fault and not self._trying.acquire(blocking=False):
            raise LedgerUnavailable(fault)
        try:
            self._dialect.begin_writing(execute, self._hasty_ms if fault else None)
            yield
            execute("COMMIT")
            self._fault = ""
        except BaseException as error:
            if isinstance(error, FOREIGN_ERRORS):
                refused = ledger_error(error)
                self._fault = refused.message if isinstance(refused, LedgerUnavailable) else ""
            _roll_back(execute)
            raise
        finally:
            if fault:
                self._trying.release()

    def emptied_log(self, *, hasty: bool = False) -> bool:
        """Moves the write-ahead log into the file, so that nothing deleted can be read in it.

        Returns False where a reader or a writer held it for too long, or a page is left. Writers
        wait meanwhile: `hasty` bounds that where requests are served. Raises LedgerError.
        """
        if self.address.path is None:
            return True  # a server keeps its own log
        with self.reading() as connection:
            patience = "PRAGMA busy_timeout"
            usual_ms = connection.exec_driver_sql(patience).scalar_one()
            if hasty:
                connection.exec_driver_sql(f"{patience} = {self._hasty_ms}")
            try:
                busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            finally:
                connection.exec_driver_sql(f"{patience} = {usual_ms}")
        return not busy

    def close(self) -> None:
        """Closes all connections; blocks while threads use one, for CLOSES_S at most.

        A task that was cancelled leaves its thread at work. Its connection, returned after the pool
        is gone, would stay open, and SQLite's journal beside the file with it.
        """
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)
        until = time.monotonic() + CLOSES_S
        while pool.checkedout() and time.monotonic() < until:
            time.sleep(LOOK_S)
        self.engine.dispose()

    def _migrate(self, create: bool) -> None:
        """Runs the missing migrations; one cheap query, and no import of alembic, when none is."""
        stored = self._stored_version()
        if stored == SCHEMA_VERSION:
            return
        if stored is None and self.address.path is not None:
            self._refuse_tables_of_others()
        if stored is None and not create:
            raise _no_ledger(self.address)
        with self.reading() as connection, self._dialect.migrating(connection):
            stored = self._stored_version()
            if stored == SCHEMA_VERSION:
                return
            if stored is not None and EARLIER_NAMES.get(stored, stored) > SCHEMA_VERSION:
                raise LedgerError(
                    f"the ledger's database has version {stored}; this Tiergate knows "
                    f"{SCHEMA_VERSION}: install the newer one that wrote it, or name another "
                    "ledger with --database"
                )
            _upgrade(connection, self._dialect, stored)
        if stored is not None:
            _say_upgraded(self.address, stored)

    def _refuse_tables_of_others(self) -> None:
        """Raises LedgerError for a file in which another program keeps its tables."""
        with self.reading() as connection:
            table = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            ).scalar()
        if table is not None:
            raise LedgerError(
                f"found a database of another program at {self.address.shown!r} (it has a table "
                f"{table!r}, and no ledger); expected a ledger, or a file that is not there yet: "
                "name it with --database"
            )

    def _stored_version(self) -> str | None:
        with self.reading() as connection:
            known = connection.exec_driver_sql(self._dialect.version_table).first()
            if known is None:
                return None
            row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
            return None if row is None else str(row[0])


def _no_ledger(address: Address) -> LedgerError:
    return LedgerError(
        f"no ledger at {address.shown!r}; expected a database that `tiergate serve` or "
        "`tiergate demo` wrote: name it with --database"
    )


def _say_upgraded(address: Address, stored: str) -> None:
    """Logs that a ledger of an older Tiergate was changed, since there is no way back."""
    fields = {
        "reason": f"{address.shown} had version {stored}, and this Tiergate writes "
        f"{SCHEMA_VERSION}",
        "next": "older Tiergates open this ledger no more",
    }
    logging.getLogger(__name__).info("ledger_upgraded", extra=fields)


def _roll_back(execute: Execute) -> None:
    try:
        execute("ROLLBACK")
    except FOREIGN_ERRORS:
        return  # the connection is gone, and the transaction with it; the first error says why


def _upgrade(connection: Connection, dialect: Dialect, stored: str | None) -> None:
    """Runs the migrations after this version in one transaction on this connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("recursive_version_locations", "true")
    config.attributes["connection"] = connection
    try:
        dialect.begin_writing(connection.exec_driver_sql)
        if stored in EARLIER_NAMES:
            named = f"UPDATE alembic_version SET version_num = '{EARLIER_NAMES[stored]}'"
            connection.exec_driver_sql(named)
        command.upgrade(config, "head")
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        _roll_back(connection.exec_driver_sql)
        raise
