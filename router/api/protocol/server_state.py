"""Holds what all connections of a server share."""

from __future__ import annotations

import asyncio
from typing import Protocol

from router.api.protocol.exchange import Application, Exchange
from router.api.protocol.faults import Refuse
from router.api.protocol.limits import KEEP_ALIVE_S
from router.api.protocol.response_head import HeadWriter


class Drainable(Protocol):
    """Ends when the server stops."""

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
    ) -> None:
        self.refuse = refuse
        self.request_s = request_s  # for a request to arrive, and for a client to read
        self.keep_alive_s = keep_alive_s
        self.heads = HeadWriter()
        self.connections: set[Drainable] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.quiet = asyncio.Event()  # set when the server stops and nothing is left
        self._stopping = False
        self._application = application

    def run(self, exchange: Exchange) -> None:
        """Starts the answer to a request."""
        task = asyncio.get_running_loop().create_task(exchange.run(self._application))
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def lost(self, connection: Drainable) -> None:
        """Forgets a connection that is closed."""
        self.connections.discard(connection)
        self._look()

    def stop(self) -> None:
        """Lets connections end with what is asked now; sets `quiet` after the last one."""
        self._stopping = True
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

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._look()

    def _look(self) -> None:
        if self._stopping and not self.connections and not self.tasks:
            self.quiet.set()
