"""Answers that may be given again: to exact repeats, then to the same in other words.

The gateway asks `find` before it climbs and `keep` when an answer is accounted for. What may be
shared is decided here, from the walk alone; where answers are kept is the caches' matter.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from router.errors import TiergateError
from router.privacy.digest import digest
from router.request.ledger_row import request_digest
from router.request.state import Candidate, Walk
from router.routing.constraints import required
from router.types import (
    RISK_DOMAINS,
    AnswerCache,
    AnswerCaches,
    CachedAnswer,
    Embedder,
    NearCache,
    Reason,
    Verdict,
)


class Repeats:
    """The caches, with what their keys are made of."""

    def __init__(
        self,
        caches: AnswerCaches,
        embedder: Embedder | None,
        secret_of: Callable[[str], bytes],
    ) -> None:
        """Without an `embedder` there are exact repeats only."""
        self._caches = caches
        self._embedder = embedder
        self._secret_of = secret_of

    async def find(self, walk: Walk) -> Candidate | None:
        """An answer given before, valid only if its level reaches the floor now decided."""
        tenant = walk.identity.tenant
        if walk.cacheable:
            walk.cache = "miss"
            cached = await self._exact(walk).get(tenant, self._digest(walk))
            hit = None if cached is None else walk.from_cache(cached, Reason.CACHE_HIT)
            if hit is not None:
                walk.cache = "exact"
                return hit
        if self._embedder is None or not may_share(walk):
            return None
        walk.cache = "miss"
        text = walk.request.last_user_text
        try:
            embedded = await self._embedder.embed([text])
        except TiergateError:  # too many wait: the answer is made anew
            return None
        walk.vector = embedded.vectors[0]
        walk.triage_compute_ms += embedded.compute_ms
        threshold = walk.runtime.policy.cache.semantic.threshold
        near = self._near(walk).find(tenant, self._scope(walk), walk.vector, text, threshold)
        hit = None if near is None else walk.from_cache(near, Reason.SEMANTIC_CACHE_HIT)
        if hit is not None:
            walk.cache = "semantic"
        return hit

    async def keep(self, walk: Walk, candidate: Candidate, verdict: Verdict) -> None:
        """Keep an accepted answer of this request: not what a lookup filled, nor a hit itself."""
        answer = candidate.answer
        if verdict is not Verdict.ACCEPTED or answer is None or walk.cache in ("exact", "semantic"):
            return
        if walk.plan(candidate.rung.answerer).declines is not None:
            return
        rung, tenant = candidate.rung, walk.identity.tenant
        cached = CachedAnswer(answer, rung.tier, rung.level, rung.answerer)
        if walk.cacheable:
            await self._exact(walk).put(tenant, self._digest(walk), cached)
        ended = all(c.finish_reason == "stop" and not c.refusal for c in answer.choices)
        if walk.vector and ended:
            text = walk.request.last_user_text
            self._near(walk).put(tenant, self._scope(walk), walk.vector, text, cached)

    def _exact(self, walk: Walk) -> AnswerCache:
        policy = walk.runtime.policy
        return self._caches.exact(policy.name, policy.cache.ttl_s, policy.cache.max_entries)

    def _near(self, walk: Walk) -> NearCache:
        policy = walk.runtime.policy
        limits = policy.cache.semantic
        return self._caches.near(policy.name, limits.ttl_s, limits.max_entries)

    def _digest(self, walk: Walk) -> str:
        """The key under which equal requests of this tenant find one answer."""
        return request_digest(walk, self._secret_of(walk.identity.tenant))

    def _scope(self, walk: Walk) -> str:
        """Equal for requests that differ in the words of the last question at most."""
        request = walk.request
        last = replace(request.messages[-1], text="")
        parts = (
            walk.runtime.policy_hash,
            request.requested_model,
            (*request.messages[:-1], last),
            request.sampling,
            dict(request.hints.context),
            dict(request.extra),
        )
        secret = self._secret_of(walk.identity.tenant)
        return digest(secret, msgspec.json.encode(parts).decode())


def may_share(walk: Walk) -> bool:
    """Whether an answer may come from, and go to, a question in other words.

    Plain text in and out, nothing sampled, nothing at stake: no sum, no risk term, no domain where
    a wrong answer hurts, no hard rule, and signals that the model read itself.
    """
    policy, request, signals = walk.runtime.policy, walk.request, walk.signals
    if not policy.cache.semantic.enabled or policy.mode == "observe":
        return False
    sampling, last = request.sampling, request.messages[-1]
    plain = (
        sampling.temperature in (None, 0)
        and sampling.n == 1
        and not request.tools
        and request.response_format.kind == "text"
        and not required(request)
        and last.role == "user"
        and not last.parts
        and walk.asked.pinned is None
        and not request.in_tool_loop
    )
    limits = policy.decision
    calm = (
        not signals.degraded
        and not signals.risk_terms
        and not signals.amounts
        and signals.impact_nano_usd == 0
        and signals.stakes_high < limits.high_stakes_at
        and signals.risk_p < limits.domain_at
        and signals.domain not in RISK_DOMAINS
    )
    return plain and calm and not walk.decision.hard_rule and walk.risk_domain is None
