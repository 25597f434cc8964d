"""The models that the gateway itself is: which names lead to them, and how their use is booked.

`tiergate-embed` is the triage encoder, `tiergate-moderation` the safety heads. No tier is called,
so there is no decision and no cost but own compute. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from router.errors import ModelNotFound
from router.money import cost
from router.policy.schema import Policy
from router.privacy.digest import digest
from router.types import (
    AttemptRow,
    AttemptState,
    Baselines,
    CostBasis,
    Identity,
    JsonText,
    Price,
    Reason,
    RequestRow,
    RequestState,
    Role,
    Usage,
    Verdict,
)

EMBEDDING_TIER = "embedding"
"""Tier and answerer of embeddings' rows; no policy's tier, since no ladder leads there."""
EMBEDDINGS = "embeddings"
NO_LEVEL = 0
"""Embeddings are not routed, so they count in no level's share."""


def require_own(policy: Policy, model: str, own: str) -> None:
    """Whether `model` means `own`: by that name, as `auto`, or by an alias.

    Raises ModelNotFound that lists what does. An alias to `auto` does not: who asks for a chat
    model's vectors would not notice that others came.
    """
    alias = policy.alias(model)
    if model in (own, "auto") or (alias is not None and alias.to == own):
        return
    aliases = [name for name in policy.aliases if (to := policy.alias(name)) and to.to == own]
    known = ", ".join([own, "auto", *aliases])
    raise ModelNotFound(
        f"The model {model[:200]!r} is unknown here. Known are: {known}. Add an alias to {own} to "
        f"the policy {policy.name!r} to make it work.",
        param="model",
    )


def asked_baseline(policy: Policy, model: str, usage: Usage) -> Baselines:
    """What the model that the client named would have cost, where the policy states its price."""
    asked = policy.requested_price(model)
    priced = None if asked is None else cost.attempt_cost(asked.to_price(), usage, 0.0)
    if priced is None or priced.basis is CostBasis.UNKNOWN:
        return Baselines()
    return Baselines(requested_model=priced.nano_usd)


class Embedding(Struct, frozen=True):
    """One request for vectors with all that its row says."""

    request_id: str
    identity: Identity
    policy: Policy
    policy_hash: str
    requested_model: str
    model: str  # with the encoder's version, since vectors of two encoders do not mix
    texts: Sequence[str]
    tags: tuple[str, ...]
    tokens: int
    now_ms: int
    latency_ms: float
    compute_ms: float
    price: Price  # of a second of one core

    @property
    def cost_nano_usd(self) -> int:
        """What reading the texts took, at the price book's rate of a core; 0 where it has none."""
        return cost.own_compute(self.price, self.compute_ms)


def embedding_row(done: Embedding, secret: bytes) -> RequestRow:
    """The row that is chained: own compute alone, and digests of the texts, kept nowhere."""
    usage = Usage(input_tokens=done.tokens)
    started_at_ms = done.now_ms - round(done.latency_ms)
    attempt = AttemptRow(
        attempt_id=f"{done.request_id}-0",
        request_id=done.request_id,
        ordinal=0,
        role=Role.ANSWER,
        answerer=EMBEDDING_TIER,
        tier=EMBEDDING_TIER,
        level=NO_LEVEL,
        model=done.model,
        state=AttemptState.SETTLED,
        held_nano_usd=0,
        cost_nano_usd=done.cost_nano_usd,
        cost_basis=CostBasis.OWN_COMPUTE,
        price_version=done.price.version,
        started_at_ms=started_at_ms,
        latency_ms=done.latency_ms,
        compute_ms=done.compute_ms,
        cores=1,
        usage=usage,
    )
    return RequestRow(
        request_id=done.request_id,
        created_at_ms=started_at_ms,
        finished_at_ms=done.now_ms,
        tenant=done.identity.tenant,
        key_id=done.identity.key_id,
        state=RequestState.SETTLED,
        endpoint=EMBEDDINGS,
        stream=False,
        mode=done.policy.mode,
        policy=done.policy.name,
        policy_hash=done.policy_hash,
        requested_model=done.requested_model,
        tier=EMBEDDING_TIER,
        tier_number=NO_LEVEL,
        answerer=EMBEDDING_TIER,
        model=done.model,
        verdict=Verdict.ACCEPTED.value,
        reason=Reason.PINNED.value,
        reasons=(Reason.PINNED.value,),
        confidence=1.0,
        escalations=0,
        cost_nano_usd=done.cost_nano_usd,
        baselines=asked_baseline(done.policy, done.requested_model, usage),
        usage=usage,
        latency_ms=done.latency_ms,
        first_token_ms=None,
        triage_ms=0.0,
        prompt_digest=digest(secret, "\n\n".join(done.texts)),
        answer_digest="",
        session_digest="",
        tags=done.tags,
        record=JsonText("{}"),
        attempts=(attempt,),
    )
