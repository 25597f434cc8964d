"""Holds what all connections of a server share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Protocol

import structlog

from router.api.protocol.exchange import Application, Exchange
from router.api.protocol.faults import Refuse
from router.api.protocol.limits import KEEP_ALIVE_S, LOOKED_AT, TOLD_EVERY_S
from router.api.protocol.response_head import Headers, HeadWriter
from router.errors import TiergateError

Told = Callable[[TiergateError, str, Headers], None]
"""Takes an error, the target of its request as far as it came, and the headers of the response."""


class Drainable(Protocol):
    """Ends when the server stops, or when others need its place."""

    def give_way(self) -> bool:
        """Closes if nothing is asked, nothing arrives and all is sent. Returns False otherwise."""

    def drain(self) -> None:
        """Closes after what is asked now."""

    def cut(self) -> None:
        """Closes after the present answer."""


class ServerState:
    """Keeps the application, the open connections and the requests that run."""

    def __init__(
        self,
        application: Application,
        refuse: Refuse,
        request_s: float,
        keep_alive_s: float = KEEP_ALIVE_S,
        *,
        most_connections: int,
        told: Told | None = None,
        in_flight: Callable[[int], None] = lambda change: None,
    ) -> None:
        """`told` learns of each refusal of what never became a request of the application.

        `in_flight` gets 1 where a request begins to run, and -1 where it ends.
        """
        self.refuse, self.told = refuse, told
        self._in_flight = in_flight
        self.request_s = request_s  # for a request to arrive, and for a client to read
        self.keep_alive_s = keep_alive_s
        self.heads = HeadWriter()
        self.connections: dict[Drainable, None] = {}  # those that came first stand first
        self.tasks: set[asyncio.Task[None]] = set()
        self.arrivals = 0  # of connections and of their bytes, each time that some came
        self.quiet = asyncio.Event()  # set when the server stops and nothing is left
        self.stopping = False
        self._application = application
        self._most_connections = most_connections
        self._refused = self._gave_way = 0  # since the log was told last
        self._told_s = -TOLD_EVERY_S

    def run(self, exchange: Exchange, loop: asyncio.AbstractEventLoop) -> None:
        """Starts the answer to a request on its connection's event loop."""
        task = loop.create_task(exchange.run(self._application))
        self.tasks.add(task)
        self._in_flight(1)
        # Also for a task that is cancelled before its first step.
        task.add_done_callback(self._ended)

    def admit(self, connection: Drainable, *, always: bool) -> bool:
        """Keeps a new connection. Returns False where it has no place.

        Idle connections give way: otherwise whoever opens enough of them and asks nothing would
        keep all others out. With `always` it has a place: a probe that found none would end a
        server that is only busy.
        """
        self.arrivals += 1
        has_place = always or len(self.connections) < self._most_connections or self._make_room()
        self.connections[connection] = None
        return has_place

    @property
    def crowded(self) -> bool:
        """Returns True where so many are over the bound that not even a refusal is written."""
        return len(self.connections) > self._most_connections * 5 // 4

    def lost(self, connection: Drainable) -> None:
        """Forgets a connection that is closed."""
        self.connections.pop(connection, None)
        self._look()

    def stop(self) -> None:
        """Lets connections end with what is asked now; sets `quiet` after the last one."""
        self.stopping = True
        for connection in tuple(self.connections):
            connection.drain()
        self._look()

    def cut(self) -> tuple[asyncio.Task[None], ...]:
        """Cancels the requests that still run. Returns them."""
        for connection in tuple(self.connections):
            connection.cut()
        cut = tuple(self.tasks)
        for task in cut:
            task.cancel()
        return cut

    def _make_room(self) -> bool:
        """Closes an idle connection. Returns False where none was found."""
        made = False
        for other in tuple(islice(self.connections, LOOKED_AT)):
            del self.connections[other]
            if other.give_way():
                made = True
                break
            self.connections[other] = None  # it is busy: others are looked at before it next time
        self._gave_way += made
        self._refused += not made
        now_s = asyncio.get_running_loop().time()
        if now_s - self._told_s >= TOLD_EVERY_S:
            structlog.get_logger("tiergate.server").warning(
                "connections_full",
                most=self._most_connections,
                closed=self._gave_way,
                refused=self._refused,
            )
            self._told_s, self._gave_way, self._refused = now_s, 0, 0
        return made

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._in_flight(-1)
        self._look()

    def _look(self) -> None:
        if self.stopping and not self.connections and not self.tasks:
            self.quiet.set()
