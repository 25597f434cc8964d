"""Finds and keeps answers that may be given again: to repeats, and to the same in other words.

The gateway asks `find` before it climbs and `keep` when an answer is accounted for. What may be
shared is decided here, only from the request. The caches decide where answers are kept.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from router.errors import TiergateError
from router.ledger.row_builder import Place, only_call
from router.money.cost import Cost
from router.privacy.digest import digest
from router.request.ledger_row import request_digest
from router.request.progress import NOT_LOOKED_UP, CacheLookup, Candidate
from router.request.veiling import has_details
from router.routing.routed_request import RoutedRequest
from router.routing.verification import Verification
from router.types import (
    RISK_DOMAINS,
    AnswerCache,
    AnswerCaches,
    CachedAnswer,
    CostBasis,
    Embedder,
    NearCache,
    Reason,
    Role,
    Verdict,
)


class Repeats:
    """Holds the caches and makes their keys."""

    def __init__(
        self,
        caches: AnswerCaches,
        embedder: Embedder | None,
        secret_of: Callable[[str], bytes],
    ) -> None:
        """Takes the caches. Without an `embedder` there are exact repeats only."""
        self._caches = caches
        self._embedder = embedder
        self._secret_of = secret_of

    async def find(self, routed: RoutedRequest) -> CacheLookup:
        """Returns an answer given before; it counts only if its level reaches the floor decided."""
        tenant = routed.identity.tenant
        lookup = NOT_LOOKED_UP
        if routed.cacheable:
            lookup = CacheLookup("miss")
            cached = await self._exact(routed).get(tenant, self._digest(routed))
            if cached is not None and routed.veil is not None:
                await has_details(routed.veil, routed.request)
                cached = replace(cached, answer=routed.veil.from_cache(cached.answer))
            hit = None if cached is None else _hit(routed, cached, "exact", Reason.CACHE_HIT)
            if hit is not None:
                return hit
        if self._embedder is None or not may_share(routed):
            return lookup
        if routed.veil is not None and await has_details(routed.veil, routed.request):
            return lookup  # words about one person are no answer for another
        text = routed.request.last_user_text
        try:
            embedded = await self._embedder.embed([text], tenant=tenant)
        except TiergateError:  # too many wait: the answer is made anew
            return CacheLookup("miss")
        vector = embedded.vectors[0]
        threshold = routed.policy.cache.semantic.threshold
        near = self._near(routed).find(tenant, self._scope(routed), vector, text, threshold)
        hit = None if near is None else _hit(routed, near, "semantic", Reason.SEMANTIC_CACHE_HIT)
        found = CacheLookup("miss") if hit is None else hit
        return replace(found, vector=vector, compute_ms=embedded.compute_ms)

    async def keep(
        self, routed: RoutedRequest, lookup: CacheLookup, candidate: Candidate, verdict: Verdict
    ) -> None:
        """Keeps an accepted answer that is no old one, and that no lookup or document filled."""
        answer = candidate.answer
        if verdict is not Verdict.ACCEPTED or answer is None or lookup.hit is not None:
            return
        # A document may be changed or removed before the repeat comes.
        if routed.plans[candidate.index].declines is not None or answer.passages:
            return
        if routed.veil is not None:
            await has_details(routed.veil, routed.request)
            answer = routed.veil.for_cache(answer)
        answer = replace(answer, material=())  # for a judge of this answer alone
        rung, tenant = candidate.rung, routed.identity.tenant
        cached = CachedAnswer(answer, rung.tier, rung.level, rung.answerer)
        if routed.cacheable:
            await self._exact(routed).put(tenant, self._digest(routed), cached)
        ended = all(c.finish_reason == "stop" and not c.refusal for c in answer.choices)
        if lookup.vector and ended:
            text = routed.request.last_user_text
            self._near(routed).put(tenant, self._scope(routed), lookup.vector, text, cached)

    def _exact(self, routed: RoutedRequest) -> AnswerCache:
        policy = routed.policy
        return self._caches.exact(policy.name, policy.cache.ttl_s, policy.cache.max_entries)

    def _near(self, routed: RoutedRequest) -> NearCache:
        policy = routed.policy
        limits = policy.cache.semantic
        return self._caches.near(policy.name, limits.ttl_s, limits.max_entries)

    def _digest(self, routed: RoutedRequest) -> str:
        """Returns the key under which equal requests of this tenant find one answer."""
        return request_digest(routed, self._secret_of(routed.identity.tenant))

    def _scope(self, routed: RoutedRequest) -> str:
        """Returns a key that is equal for requests which differ only in the last question."""
        request = routed.request
        last = replace(request.messages[-1], text="")
        parts = (
            routed.runtime.policy_hash,
            routed.asked.rights,
            request.requested_model,
            (*request.messages[:-1], last),
            request.sampling,
            dict(request.hints.context),
            dict(request.extra),
        )
        secret = self._secret_of(routed.identity.tenant)
        return digest(secret, msgspec.json.encode(parts).decode())


def may_share(routed: RoutedRequest) -> bool:
    """Returns True when an answer may come from, and go to, a question in other words.

    It needs plain text in and out, no sampling and nothing at stake: no sum, no risk term, no
    domain where a wrong answer hurts, no hard rule, and signals that the model itself read.
    """
    policy, request, signals = routed.policy, routed.request, routed.signals
    if not policy.cache.semantic.enabled or policy.mode == "observe":
        return False
    sampling, last = request.sampling, request.messages[-1]
    plain = (
        sampling.temperature in (None, 0)
        and sampling.n == 1
        and not request.tools
        and request.response_format.kind == "text"
        and not request.needs
        and last.role == "user"
        and not last.parts
        and routed.asked.pinned is None
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
    return plain and calm and not routed.decision.hard_rule and routed.risk_domain is None


def _hit(
    routed: RoutedRequest, cached: CachedAnswer, outcome: str, reason: Reason
) -> CacheLookup | None:
    """Returns the cached answer with an attempt that costs nothing; None below today's floor."""
    decision = routed.decision
    rungs = enumerate(decision.rungs)
    index = next((i for i, rung in rungs if rung.answerer == cached.answerer), None)
    if index is None or not decision.rungs[index].taken:  # not in the ladder decided now
        return None
    rung = replace(decision.rungs[index], reasons=(reason,))
    call = only_call(
        routed.request_id,
        Role.CACHE,
        Place(cached.tier, cached.level, cached.answerer, cached.answer.model),
        Cost(0, CostBasis.OWN_COMPUTE),
        routed.created_at_ms,
        0.0,
        cached.answer.usage,
    )
    attempt = replace(call, rung=index, reason=reason.value)
    p = rung.p if cached.answer.p is None else cached.answer.p
    candidate = Candidate(index, rung, cached.answer, Verification(p, None, "cache"))
    return CacheLookup(outcome, candidate, attempt)
