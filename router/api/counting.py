"""`POST /v1/messages/count_tokens`: about how many tokens a conversation has. Calls no tier."""

from __future__ import annotations

from router.api.access import Doorkeeper
from router.api.http import Receive, Scope, Send, headers_of, send_bytes
from router.api.views import id_headers
from router.deciding import Router
from router.types import Ids
from router.wire.exchange import WireFormat
from router.wire.render import to_json


class TokenCounts:
    """The handler, with what it needs. What it says is triage's estimate, which nothing is billed
    by: tokenizers differ from model to model, and which one answers is not decided yet."""

    def __init__(self, wire: WireFormat, router: Router, door: Doorkeeper, ids: Ids) -> None:
        self._wire = wire
        self._router = router
        self._door = door
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        most = self._router.default.policy.max_body_bytes
        identity, body = await self._door.receive(headers, receive, most)
        (request,) = self._wire.read(body, headers).requests
        signals = await self._router.select(request, identity).runtime.triage.read(request, None)
        request_id = self._ids.new()
        given = [*id_headers(request_id)[:1], *self._wire.id_headers(request_id)]
        await send_bytes(send, 200, to_json({"input_tokens": signals.input_tokens}), given)
