"""Notices a PostgreSQL server that says nothing: frozen, or without a disk that answers.

libpq waits for an answer without end. Keepalives do not help, because the server's machine answers
them. So a connection that has been silent for SILENT_S asks by a second one if the server answers;
if it does not, the first is lost. It is lost, too, where the server has nothing to do for it: what
it was sent, or said, went astray in a proxy. The server then ends the session, which would keep its
locks without end. A query that only takes long goes on.

psycopg is imported when a connection is made, because it is optional.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

SILENT_S = 3.0  # with ASK_S the five seconds that a request waits at most for a lock
ASK_S = 2  # the least that libpq takes as connect_timeout
KNOWN_S = 1.0  # how long the server's answer, or its silence, is believed
NO_ANSWER = "the server does not answer"
ASTRAY = "the connection is lost"

_SESSION = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
# Its answer may be under way for a moment after the session has come to rest.
_END_RESTING = """
    SELECT CASE WHEN state LIKE 'idle%%' AND clock_timestamp() - state_change > interval '1 second'
    THEN pg_terminate_backend(pid) ELSE false END
    FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"""


class Server:
    """Makes the connections to one server, and knows if it answers. Any thread may use it."""

    def __init__(self) -> None:
        self._arguments: tuple[Sequence[Any], Mapping[str, Any]] = ((), {})
        self._asking = Lock()
        self._asked_at = -KNOWN_S
        self._silent = False

    def connect(self, cargs: Sequence[Any], cparams: Mapping[str, Any]) -> Connection[Any]:
        """Returns a new connection, which notices silence. Raises psycopg's errors.

        While the server is silent, one thread at a time tries and all others are refused at once.
        """
        from psycopg import OperationalError

        self._arguments = (cargs, cparams)
        if self._silent and (self._asking.locked() or not self.answers()):
            raise OperationalError(NO_ANSWER)
        connection = _watched_class().connect(*cargs, **{**cparams, "autocommit": True})
        connection.server = self
        connection.session = connection.execute(_SESSION).fetchone()
        return connection

    def answers(self) -> bool:
        """Returns False when a new connection gets no answer within ASK_S; blocks.

        A refusal is an answer.
        """
        from psycopg import Error
        from psycopg import connect as plain_connect
        from psycopg.errors import ConnectionTimeout

        with self._asking:
            if time.monotonic() - self._asked_at < KNOWN_S:
                return not self._silent
            cargs, cparams = self._arguments
            try:
                plain_connect(*cargs, **{**cparams, "connect_timeout": ASK_S}).close()
                self._silent = False
            except ConnectionTimeout:
                self._silent = True
            except Error:
                self._silent = False
            self._asked_at = time.monotonic()
            return not self._silent

    def ends_resting(self, session: tuple[Any, ...] | None) -> bool:
        """Ends a session that rests while its client waits for it. Returns True where it did."""
        from psycopg import Error

        if session is None:
            return False
        cargs, cparams = self._arguments
        brief = {**cparams, "connect_timeout": ASK_S, "autocommit": True}
        try:
            with _brief_class().connect(*cargs, **brief) as asking:
                row = asking.execute(_END_RESTING, session).fetchone()
        except Error:
            return False
        return row is not None and bool(row[0])

    def watched(self, gen: Generator[Any, Any, Any], connection: Any) -> Generator[Any, Any, Any]:
        """Passes on what the driver waits for; ends it, and the connection, with silence.

        The driver looks every tenth of a second, and says so by READY_NONE.
        """
        from psycopg import OperationalError

        heard_s = time.monotonic()
        try:
            waits_for = next(gen)
            while True:  # ends with the driver's generator
                ready = yield waits_for
                now_s = time.monotonic()
                if ready:
                    heard_s = now_s
                elif now_s - heard_s > SILENT_S:
                    fault = "" if self.answers() else NO_ANSWER
                    if not fault and self.ends_resting(connection.session):
                        fault = ASTRAY
                    if fault:
                        connection.pgconn.finish()
                        raise OperationalError(fault)
                    heard_s = time.monotonic()
                waits_for = gen.send(ready)
        except StopIteration as end:
            return end.value


@cache
def _watched_class() -> type[Connection[Any]]:
    from psycopg import Connection

    class Watched(Connection[Any]):  # type: ignore[misc, unused-ignore]
        """Waits for the server as long as the server answers others."""

        server: Server | None = None
        session: tuple[Any, ...] | None = None  # the server's process, and when it began

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            watched = gen if self.server is None else self.server.watched(gen, self)
            return super().wait(watched, interval, timeout)

    return Watched


@cache
def _brief_class() -> type[Connection[Any]]:
    from psycopg import Connection

    class Brief(Connection[Any]):  # type: ignore[misc, unused-ignore]
        """Waits for each answer for ASK_S at most."""

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = ASK_S) -> Any:
            return super().wait(gen, interval, timeout)

    return Brief
