"""Logs a line for each request, also for bytes that never became one and were refused."""

from __future__ import annotations

import asyncio

import structlog

from router.api.http.access_line import begin
from router.api.http.asgi import Event, Handler, Receive, Scope, Send
from router.api.protocol.exchange import REFUSED
from router.api.protocol.response_head import Headers
from router.errors import ClientGone, TiergateError

LONGEST_PATH = 200


class AccessLog:
    """Logs each request: its method, path, status, time and id.

    It adds the tenant, the key's name, the tier and the cost once they are known. It never logs a
    query, a body or a key.
    """

    def __init__(self, app: Handler) -> None:
        self._app = app
        self._log = structlog.get_logger("tiergate.access")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        began, status, complete, line = loop.time(), 0, False, begin()

        async def sending(event: Event) -> None:
            nonlocal status, complete
            if event["type"] == "http.response.start":
                status = event["status"]
                line.told = dict(event["headers"])
            elif not event.get("more_body", False):
                complete = True
            await send(event)

        try:
            await self._app(scope, receive, sending)
            if REFUSED in scope:  # the connection answered, since the body did not come in time
                error, headers = scope[REFUSED]
                status, line.code, line.told = error.status, error.code, dict(headers)
            elif not complete:
                status, line.code = status or ClientGone.status, ClientGone.code
        finally:
            took_ms = round(1000 * (loop.time() - began), 3)
            facts = {"method": scope.get("method"), "path": scope.get("path"), "status": status}
            self._log.info("request", **facts, **line.fields(), ms=took_ms)

    def refused(self, error: TiergateError, target: str, headers: Headers) -> None:
        """Logs a refusal of what never became a request: of no HTTP, or of too much or too late."""
        line = begin()
        line.told, line.code = dict(headers), error.code
        path = target.partition("?")[0][:LONGEST_PATH]
        self._log.info("request", path=path, status=error.status, **line.fields())
