"""`POST /v1/messages/count_tokens`: how many tokens a conversation has, without an answer to it.

Where Anthropic alone would answer, its own count is asked for. Else which tokenizer will read the
conversation is not decided yet, so the count is a bound that none exceeds. The header
`x-tiergate-token-count` says which it is. Agents ask for fifty in a second, so equal questions are
asked upstream once, and neither triage nor the ledger has a part in it.
"""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial

from router.api.http.access import Doorkeeper
from router.api.http.asgi import Receive, Scope, Send, headers_of, made_of, send_bytes
from router.api.http.decision_views import id_headers
from router.money.token_bound import token_bound
from router.policy.schema import UpstreamAnswerer
from router.routing.planner import Router
from router.routing.policy_runtime import RungPlan, Selected
from router.types import ChatRequest, Ids, TokenCounter
from router.wire.openai.render import to_json
from router.wire.protocols import WireFormat

MOST_KEPT = 1_000
"""Counts that are kept, by a digest of what was counted: an agent counts its prompts again."""

OWN = ("resolver", "deliberation")
"""Kinds of answerers that read no conversation themselves."""


class TokenCounts:
    """The handler, with what it needs."""

    def __init__(self, wire: WireFormat, router: Router, door: Doorkeeper, ids: Ids) -> None:
        self._wire = wire
        self._router = router
        self._door = door
        self._ids = ids
        self._kept: dict[bytes, asyncio.Future[int | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        most = self._router.default.policy.max_body_bytes
        identity, body = await self._door.receive(headers, receive, most)
        exchange = await made_of(len(body), partial(self._wire.read, body, headers))
        (request,) = exchange.requests
        selected = self._router.select(request, identity)
        counted = await self._counted(body, request, selected)
        source = b"bound" if counted is None else b"provider"
        if counted is None:
            counted = await made_of(len(body), partial(token_bound, request))
        request_id = self._ids.new()
        given = [*id_headers(request_id)[:1], *self._wire.id_headers(request_id)]
        given.append((b"x-tiergate-token-count", source))
        await send_bytes(send, 200, to_json({"input_tokens": counted}), given)

    async def _counted(self, body: bytes, request: ChatRequest, selected: Selected) -> int | None:
        """Returns the highest count of the providers that may answer; None unless all count."""
        counters = _counters(selected)
        if not counters:
            return None
        digest = hashlib.blake2b(body, digest_size=16)
        digest.update(f"{selected.runtime.policy_hash} {selected.pinned}".encode())
        key = digest.digest()
        asked = self._kept.get(key)
        if asked is None:
            asked = asyncio.ensure_future(_highest(counters, request))
            self._kept[key] = asked
            if len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        counted = await asyncio.shield(asked)
        if counted is None:
            self._kept.pop(key, None)  # it may answer the next time
        return counted


def _counters(selected: Selected) -> list[TokenCounter]:
    """The answerers that may answer, where all of them are Anthropic's; else none."""
    plans = [plan for plan in selected.runtime.plans if plan.facts.kind not in OWN]
    if selected.pinned is not None:
        plans = [plan for plan in plans if plan.facts.name == selected.pinned]
    elif selected.pinned_tier is not None:
        plans = [plan for plan in plans if plan.facts.tier == selected.pinned_tier]
    counters = [counter for plan in plans if (counter := _counter(plan)) is not None]
    return counters if len(counters) == len(plans) else []


def _counter(plan: RungPlan) -> TokenCounter | None:
    section, answerer = plan.section, plan.answerer
    anthropics = isinstance(section, UpstreamAnswerer) and section.wire == "anthropic"
    return answerer if anthropics and isinstance(answerer, TokenCounter) else None


async def _highest(counters: list[TokenCounter], request: ChatRequest) -> int | None:
    found = await asyncio.gather(*(counter.count_tokens(request) for counter in counters))
    known = [count for count in found if count is not None]
    return max(known) if len(known) == len(found) else None
