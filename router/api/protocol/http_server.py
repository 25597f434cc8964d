"""Serves an ASGI application on sockets until it is to stop, then lets running answers end.

What has come before the end is answered: closing a socket resets who waits at it, and what came and
was not read. It knows nothing about signals: the caller sets events.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from router.api.protocol.connection import Connection
from router.api.protocol.server_state import ServerState

TAKES_IN_S = 0.5
"""For taking in what has come before the end. It bounds a stop under load: requests never stop."""
QUIET_PASSES = 6
"""Passes of the event loop in which nothing comes, until all is taken in. Both loops read a new
connection within five: they accept, make a task, a transport and its reader, and read."""
SETTLE_S = 5.0
"""What cancelled requests get to write their rows."""


class HttpServer:
    """Accepts connections until `stop` is set; those of `unbounded` sockets count in no bound."""

    def __init__(
        self,
        state: ServerState,
        sockets: Sequence[socket.socket],
        backlog: int,
        unbounded: Sequence[socket.socket] = (),
    ) -> None:
        self._state = state
        self._sockets = sockets
        self._unbounded = unbounded
        self._backlog = backlog
        self._log = structlog.get_logger("tiergate.server")

    async def serve(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Calls `ready` once connections are accepted. Returns when none is accepted any more."""
        loop = asyncio.get_running_loop()
        servers = [
            await loop.create_server(
                partial(Connection, self._state, always=always),
                sock=listener,
                backlog=self._backlog,
            )
            for always, sockets in ((False, self._sockets), (True, self._unbounded))
            for listener in sockets
        ]
        try:
            ready()
            await stop.wait()
            await self._take_in()
        finally:
            for server in servers:
                server.close()
            for listener in (*self._sockets, *self._unbounded):
                listener.close()

    async def _take_in(self) -> None:
        """Accepts and reads what has come, so that it is answered."""
        loop = asyncio.get_running_loop()
        ends_s, arrivals, quiet = loop.time() + TAKES_IN_S, self._state.arrivals, 0
        while quiet < QUIET_PASSES and loop.time() < ends_s:
            await asyncio.sleep(0)
            quiet = quiet + 1 if arrivals == self._state.arrivals else 0
            arrivals = self._state.arrivals

    async def drain(self, most_s: float, cut: Callable[[], None], hurry: asyncio.Event) -> None:
        """Lets running requests end, at most `most_s` or until `hurry` is set.

        Then it calls `cut` and cancels the rest, which still book their rows.
        """
        running = len(self._state.tasks)
        self._log.info("draining", requests=running, at_most_s=most_s)
        self._state.stop()
        await _any_of((self._state.quiet, hurry), most_s)
        left: tuple[asyncio.Task[None], ...] = ()
        if not self._state.quiet.is_set():
            cut()
            left = self._state.cut()
        if left:
            await asyncio.wait(left, timeout=SETTLE_S)
        self._log.info("drained", ended=max(0, running - len(left)), cut=len(left))


async def _any_of(events: Sequence[asyncio.Event], most_s: float) -> None:
    """Waits until one of these is set, after `most_s` at the latest."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waiting, timeout=most_s, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
