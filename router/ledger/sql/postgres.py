"""Speaks to PostgreSQL: opens a server's database, takes its locks, translates its errors.

Statements are written with `?`, as everywhere in the ledger; `format_style` turns them into the
driver's style, here and nowhere else. psycopg is imported when a database is opened: it is
optional, and the extra `scale` brings it.

Locks are advisory ones. A transaction's lock serialises the writers of a ledger, on one machine or
on several, as SQLite's BEGIN IMMEDIATE does; it ends with the transaction, after its rows are seen.
"""

from __future__ import annotations

import logging
import re
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection, ExecutionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from router.errors import LedgerCorrupt, LedgerError, LedgerUnavailable
from router.errors.installing import pip_install
from router.ledger.sql.cursor import Cursor
from router.ledger.sql.silence import NO_ANSWER, Server

LOCKS = 0x54474C  # "TGL": the space of this program's locks of one kind each
WRITING, MIGRATING = 1, 2
SLOTS = 0x544753  # "TGS": of writers' slots, by number
CONNECT_S = 5
NOTICED_MS = 100  # a shorter wait for the writers' lock is worth no statement more
# A machine that lost power is noticed within 25 s, not after the system's two hours.
_KEEPALIVES = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
_CLIENT_KEEPALIVES = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
_WRONG_ADDRESS = ("28", "3D")  # no such user, password or database: trying again does not help
# A right or a table, by a revoke or while a copy is restored; what a standby that took the server's
# place cannot do until it is promoted.
_TAKEN_AWAY = ("42501", "42P01", "0A000")
_TOKEN = re.compile(r"'[^']*'|\?(\s+IS\s+(?:NOT\s+)?NULL)?|%", re.IGNORECASE)


@lru_cache(maxsize=1024)
def format_style(sql: str) -> str:
    """Returns a statement with `?` as one with `%s`; text in quotes stays.

    A parameter that is only compared with NULL has no type of its own, so it is given one.

    >>> format_style("SELECT a % 7, '?' FROM t WHERE b = ? AND (c = ? OR ? IS NULL)")
    "SELECT a %% 7, '?' FROM t WHERE b = %s AND (c = %s OR %s::text IS NULL)"
    """

    def replaced(match: re.Match[str]) -> str:
        text = match[0]
        if text[0] == "?":
            return f"%s::text{match[1]}" if match[1] else "%s"
        return text.replace("%", "%%")

    return _TOKEN.sub(replaced, sql)


def ledger_error(original: BaseException) -> LedgerError | None:
    """Returns our error for one of psycopg; None for another library's."""
    if not type(original).__module__.startswith("psycopg"):
        return None
    from psycopg import InterfaceError, InternalError, OperationalError

    state: str = getattr(original, "sqlstate", None) or ""
    description = _described(original, state)
    if state.startswith("XX") and state != "XX000":
        return LedgerCorrupt(f"the ledger's database is corrupt: {description}; restore a copy")
    if state.startswith(_WRONG_ADDRESS):
        return LedgerError(f"the ledger's database cannot be opened: {description}")
    # An internal error is the server's fault and not the row's: a file that may not grow, a server
    # that became a replica. What money was spent on must outlive it.
    passes = isinstance(original, OperationalError | InterfaceError | InternalError)
    if passes or state in _TAKEN_AWAY:
        return LedgerUnavailable(
            f"the ledger's database cannot be written or read now: {description}"
        )
    return LedgerError(f"the ledger's database refused a row: {description}")


# Words of libpq about a connection, without the address, user and database around them.
_KNOWN_WORDS = (
    "connection refused",
    "could not translate host name",
    "no such file or directory",
    "timeout expired",
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "too many clients",
    "during recovery",
    "the database system is starting up",
    "the database system is shutting down",
    "terminating connection",
    "server closed the connection unexpectedly",
    "the connection is closed",
    "the connection is lost",
    NO_ANSWER,
    "consuming input failed",
    "certificate verify failed",
    "invalid connection option",
)


def _described(original: BaseException, state: str) -> str:
    """Describes an error without a value of a row, an address or a password.

    The server's own text has them: `Key (key_id)=(...) already exists`, `password authentication
    failed for user "books"`.
    """
    kind = type(original).__name__
    text = str(original).lower()
    known = next((words for words in _KNOWN_WORDS if words in text), "")
    where = f" (SQLSTATE {state})" if state else ""
    return f"{kind}{where}{': ' + known if known else ''}"


class QmarkCursor:
    """Wraps a cursor of psycopg: it takes `?`, and its errors name their driver."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, operation: str, parameters: Sequence[Any] = ()) -> None:
        """Runs one statement."""
        with _wrapped():
            self._cursor.execute(format_style(operation), _without_nul(tuple(parameters)))

    def executemany(self, operation: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Runs one statement for each row; all rows are sent together."""
        with _wrapped():
            self._cursor.executemany(format_style(operation), parameters)

    def fetchone(self) -> Any:
        """Returns the next row, None after the last."""
        with _wrapped():
            return self._cursor.fetchone()

    def fetchall(self) -> Any:
        """Returns all rows that are left."""
        with _wrapped():
            return self._cursor.fetchall()


@contextmanager
def _wrapped() -> Iterator[None]:
    """Turns errors of psycopg into SQLAlchemy's, as those of its own connections are."""
    from psycopg import Error

    try:
        yield
    except Error as error:
        raise DBAPIError(None, None, error) from error


class PostgresDialect:
    """Holds what differs from SQLite; see `database.Dialect`."""

    begin_snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    version_table = "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"

    def __init__(self, url: URL, synchronous: str, busy_timeout_ms: int) -> None:
        self._url = url
        self._synchronous = synchronous
        self._busy_timeout_ms = busy_timeout_ms

    def engine(self) -> Engine:
        """Returns an engine in autocommit. Raises LedgerError where psycopg is not installed."""
        given = {"connect_timeout": CONNECT_S, "application_name": "tiergate", **_CLIENT_KEEPALIVES}
        settings = {name: value for name, value in given.items() if name not in self._url.query}
        try:
            engine = create_engine(
                self._url,
                isolation_level="AUTOCOMMIT",
                connect_args=settings,
                pool_size=5,
                max_overflow=10,
                pool_timeout=CONNECT_S,
                pool_pre_ping=True,  # or each idle connection fails once after a restart
                use_native_hstore=False,  # saves a query per connection
            )
        except ModuleNotFoundError as error:
            raise LedgerError(
                "a ledger in PostgreSQL needs the driver psycopg, which is not installed: "
                f"{pip_install('scale')}"
            ) from error
        # It warns of a pipeline that an error ended, beside the error, and names user and database.
        logging.getLogger("psycopg").setLevel(logging.ERROR)
        server = Server()
        event.listen(
            engine,
            "do_connect",
            lambda _dialect, _record, cargs, cparams: server.connect(cargs, cparams),
        )
        event.listen(engine, "connect", self._on_connect)
        event.listen(engine, "before_cursor_execute", _translate, retval=True)
        return engine

    def cursor(self, connection: DBAPIConnection) -> Cursor:
        """Returns a cursor that takes `?`."""
        return QmarkCursor(connection.cursor())

    def begin_writing(
        self, execute: Callable[[str], object], patience_ms: int | None = None
    ) -> None:
        """Begins with the writers' lock; waits for it as `database.Dialect` says."""
        execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        if patience_ms is not None:
            execute(f"SET LOCAL lock_timeout = {max(1, patience_ms)}")  # 0 would wait for ever
        began_s = time.monotonic()
        execute(f"SELECT pg_advisory_xact_lock({LOCKS}, {WRITING})")
        waited_ms = int((time.monotonic() - began_s) * 1000)
        if waited_ms > NOTICED_MS:  # what another program locks has the rest of the time
            whole_ms = self._busy_timeout_ms if patience_ms is None else patience_ms
            execute(f"SET LOCAL lock_timeout = {max(1, whole_ms - waited_ms)}")

    @contextmanager
    def migrating(self, connection: Connection) -> Iterator[None]:
        """Holds a lock that migrations of this database wait for; it ends with the connection."""
        # Another's migration may take longer than a row may wait.
        connection.exec_driver_sql("SET lock_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCKS}, {MIGRATING})")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({LOCKS}, {MIGRATING})")
            connection.exec_driver_sql(f"SET lock_timeout = {self._busy_timeout_ms}")

    def _on_connect(self, raw: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        from psycopg import Connection as PsycopgConnection
        from psycopg.types.numeric import Int8Dumper
        from psycopg.types.string import StrDumper

        assert isinstance(raw, PsycopgConnection)
        # One type per kind of value: a statement is then prepared once, whatever its numbers.
        raw.adapters.register_dumper(int, Int8Dumper)
        raw.adapters.register_dumper(str, StrDumper)
        raw.adapters.register_loader("numeric", _number_loader())
        settings = {**_KEEPALIVES, "lock_timeout": self._busy_timeout_ms}
        for name, value in settings.items():
            raw.execute(f"SET {name} = {value}")  # type: ignore[call-overload, unused-ignore]
        if self._synchronous == "full":
            raw.execute("SET synchronous_commit = on")
        encoding = raw.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise LedgerError(
                f"the ledger's database has the encoding {encoding}; expected UTF8: "
                "CREATE DATABASE ... ENCODING 'UTF8'"
            )


def _translate(
    _connection: Connection,
    _cursor: object,
    statement: str,
    parameters: Any,
    context: ExecutionContext | None,
    _many: bool,
) -> tuple[str, Any]:
    """Turns our own statements into the driver's style; those of SQLAlchemy already have it."""
    ours = context is None or getattr(context, "compiled", None) is None
    return (format_style(statement) if ours else statement), _without_nul(parameters)


def ended(connection: Any) -> bool:
    """Returns True where the server has closed a connection of the driver; asks the server nothing.

    Whatever the server says to a connection at rest is read: its farewell, or a notice.
    """
    from psycopg import Error

    spoken = select.poll()
    if not connection.closed:
        spoken.register(connection.fileno(), select.POLLIN)
    with suppress(Error):  # the end of what is read
        while not connection.closed and spoken.poll(0):
            connection.pgconn.consume_input()
    return bool(connection.closed)


def _without_nul(values: Any) -> Any:
    """Returns a statement's values with U+FFFD for NUL, which PostgreSQL's text cannot hold.

    Ids and filters of clients are among them: they find nothing, as with SQLite.
    """
    if isinstance(values, str):
        return values.replace("\0", "\ufffd")
    if isinstance(values, Mapping):
        return {name: _without_nul(value) for name, value in values.items()}
    if isinstance(values, tuple | list):
        return type(values)(map(_without_nul, values))
    return values


def _number_loader() -> Any:
    """Returns a loader of `numeric`, PostgreSQL's type for sums of integers, as integers."""
    from psycopg.adapt import Loader

    class NumberLoader(Loader):  # type: ignore[misc, unused-ignore]
        def load(self, data: Any) -> int | float:
            text = bytes(data)
            return int(text) if text.lstrip(b"-").isdigit() else float(text)

    return NumberLoader
