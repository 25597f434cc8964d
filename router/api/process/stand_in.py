"""Answers 503 at the workers' sockets while no worker serves.

The parent keeps the sockets, so without an answer clients would wait until a worker comes, which
may be never: its ledger may be gone.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import structlog

from router.api.compose.sockets import BACKLOG
from router.api.http.asgi import Receive, Scope, Send, send_error
from router.api.http.decision_headers import Headers, request_header
from router.api.http.server import errors_of
from router.api.protocol.http_server import HttpServer
from router.api.protocol.server_state import ServerState
from router.errors import NotServing, TiergateError
from router.types import Ids

REQUEST_S = 5.0
MOST_CONNECTIONS = 256
"""A connection needs an open file, of which the parent may have 1,024."""


class StandIn:
    """Serves between `begin` and `end`, again and again."""

    def __init__(self, sockets: Sequence[socket.socket], ids: Ids) -> None:
        self._sockets = sockets
        self._ids = ids
        self._log = structlog.get_logger("tiergate.supervisor")
        self._stop = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begins to answer; does nothing where it answers already."""
        if self._serving is not None and not (self._serving.done() or self._stop.is_set()):
            return
        self._stop = asyncio.Event()
        self._serving = asyncio.create_task(self._serve(self._stop), name="stand-in")

    def end(self) -> None:
        """Leaves the sockets to the workers."""
        self._stop.set()

    async def close(self) -> None:
        """Ends, and waits until the sockets are closed here."""
        self._stop.set()
        if self._serving is not None:
            await self._serving

    async def _serve(self, stop: asyncio.Event) -> None:
        """Answers until `stop`. A failure is told and ends nothing: the workers must be stopped."""
        try:
            await self._answer(stop)
        except OSError as error:  # no file is left, or the sockets were closed meanwhile
            self._log.error("no_worker", next=f"requests wait for one: {error.strerror}")

    async def _answer(self, stop: asyncio.Event) -> None:
        state = ServerState(
            self._refuse, self._refusal, REQUEST_S, most_connections=MOST_CONNECTIONS
        )
        # The server closes its sockets, and the workers need theirs.
        server = HttpServer(state, [one.dup() for one in self._sockets], BACKLOG)
        self._log.error("no_worker", next="requests get 503 no_worker until one serves")
        await server.serve(lambda: None, stop)
        state.stop()
        self._log.info("worker_serves")

    async def _refuse(self, scope: Scope, _receive: Receive, send: Send) -> None:
        error = NotServing()
        body, headers = self._refusal(error, scope["path"], scope["headers"])
        # The next request of this client is a worker's.
        await send_error(send, error, body, [*headers, (b"connection", b"close")])

    def _refusal(
        self, error: TiergateError, path: str, sent: Sequence[tuple[bytes, bytes]] = ()
    ) -> tuple[bytes, Headers]:
        request_id, wire = self._ids.new(), errors_of(path, sent)
        headers = [*request_header(request_id), *wire.id_headers(request_id)]
        return wire.error(error, request_id), headers
