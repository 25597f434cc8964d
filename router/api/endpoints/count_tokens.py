"""Counts a conversation's tokens without an answer: `POST /v1/messages/count_tokens`, and
`/v1/responses/input_tokens` for OpenAI's clients.

Where only Anthropic's tiers would answer, Anthropic's own count is returned. Otherwise the
tokenizer is not decided yet, so the count is an estimate, a little above public tokenizers, or an
upper bound where Claude may answer, whose tokenizer counts far more. The header
`x-tiergate-token-count` tells which of the three it is. Agents send fifty counts in a second, so
equal ones go upstream once, and neither triage nor the ledger takes part.
"""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial

from router.api.http.asgi import Receive, Scope, Send, headers_of, send_bytes
from router.api.http.authentication import Doorkeeper
from router.api.http.decision_headers import id_headers
from router.money.token_bound import token_bound
from router.money.token_estimate import estimated_tokens
from router.policy.schema import UpstreamAnswerer
from router.routing.planner import Router
from router.routing.policy_runtime import Selected
from router.routing.rungs.rung_plan import RungPlan
from router.threads.offload import offloaded
from router.types import LONG_CHARACTERS, WITHOUT_MODEL, ChatRequest, Identity, Ids, TokenCounter
from router.wire.openai.render import to_json
from router.wire.protocols import WireFormat

MOST_KEPT = 1_000
"""Bounds the kept counts, by a digest of the body: an agent counts the same prompts again."""

OWN = (*WITHOUT_MODEL, "deliberation")
"""Lists the kinds of answerers that read no conversation themselves."""


class TokenCounts:
    """Handles the path of one format. `kind` is the answer's `object`, "" where it has none."""

    def __init__(
        self, wire: WireFormat, router: Router, door: Doorkeeper, ids: Ids, kind: str = ""
    ) -> None:
        self._wire = wire
        self._named = {"object": kind} if kind else {}
        self._router = router
        self._door = door
        self._ids = ids
        self._kept: dict[bytes, asyncio.Future[int | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        max_body_bytes = self._router.default.policy.max_body_bytes
        identity, body = await self._door.receive(headers, receive, max_body_bytes)
        long = len(body) > LONG_CHARACTERS
        exchange = await offloaded(partial(self._wire.read, body, headers), when=long)
        (request,) = exchange.requests
        selected = self._router.select(request, identity)
        counted = await self._counted(body, request, selected, identity)
        source = b"provider"
        if counted is None:
            bounded = _may_be_claude(selected, identity)
            source, count = (b"bound", token_bound) if bounded else (b"estimate", estimated_tokens)
            counted = await offloaded(partial(count, request), when=long)
        request_id = self._ids.new()
        response_headers = [*id_headers(request_id)[:1], *self._wire.id_headers(request_id)]
        response_headers.append((b"x-tiergate-token-count", source))
        await send_bytes(
            send, 200, to_json({**self._named, "input_tokens": counted}), response_headers
        )

    async def _counted(
        self, body: bytes, request: ChatRequest, selected: Selected, identity: Identity
    ) -> int | None:
        """Returns the highest count of the providers that may answer;

        None unless all of them count.
        """
        counters = _counters(selected, identity)
        if not counters:
            return None
        digest = hashlib.blake2b(body, digest_size=16)
        tiers = ",".join(sorted(identity.tiers))
        digest.update(f"{selected.runtime.policy_hash} {selected.pinned} {tiers}".encode())
        # A new policy may lead to other providers, so its hash is part of the key.
        key = digest.digest()
        pending_count = self._kept.get(key)
        if pending_count is None:
            pending_count = asyncio.ensure_future(_highest(counters, request))
            self._kept[key] = pending_count
            # Dicts keep their order, so the first key is the oldest.
            if len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        counted = await asyncio.shield(pending_count)
        if counted is None:
            self._kept.pop(key, None)  # the provider may count the next time
        return counted


def _counters(selected: Selected, identity: Identity) -> list[TokenCounter]:
    """Returns the answerers that may answer if all of them are Anthropic's, or none."""
    plans = _readers(selected, identity)
    privacy = selected.runtime.policy.privacy
    if privacy.pseudonyms is not None or privacy.residency:
        return []  # a count is not worth that a provider reads personal details
    counters = [counter for plan in plans if (counter := _counter(plan)) is not None]
    # One provider that does not count would make the highest count a guess.
    return counters if len(counters) == len(plans) else []


def _may_be_claude(selected: Selected, identity: Identity) -> bool:
    """Returns True where one of the models that may answer is Claude."""
    return any(
        "claude" in plan.facts.model.lower() or plan.facts.body.wire == "anthropic"
        for plan in _readers(selected, identity)
    )


def _readers(selected: Selected, identity: Identity) -> list[RungPlan]:
    """Returns the answerers that may read the conversation themselves."""
    plans = [plan for plan in selected.runtime.plans if plan.facts.kind not in OWN]
    if identity.tiers:
        plans = [plan for plan in plans if plan.facts.tier in identity.tiers]
    # A pinned answerer or tier is the only one that can read the conversation.
    if selected.pinned is not None:
        plans = [plan for plan in plans if plan.facts.name == selected.pinned]
    elif selected.pinned_tier is not None:
        plans = [plan for plan in plans if plan.facts.tier == selected.pinned_tier]
    return plans


def _counter(plan: RungPlan) -> TokenCounter | None:
    section, answerer = plan.section, plan.answerer
    anthropics = isinstance(section, UpstreamAnswerer) and section.wire == "anthropic"
    return answerer if anthropics and isinstance(answerer, TokenCounter) else None


async def _highest(counters: list[TokenCounter], request: ChatRequest) -> int | None:
    counts = await asyncio.gather(*(counter.count_tokens(request) for counter in counters))
    known = [count for count in counts if count is not None]
    return max(known) if len(known) == len(counts) else None
