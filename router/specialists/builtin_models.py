"""Serves the gateway's own models: the names that lead to them, and the rows that book their use.

`tiergate-embed` is the triage encoder, `tiergate-moderation` the safety heads. No tier is called,
so there is no decision and no cost but own compute. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from router.errors import ModelNotFound
from router.ledger.row_builder import (
    Decided,
    Kept,
    Origin,
    Place,
    Times,
    build_row,
    only_call,
    spent_on,
)
from router.money import cost
from router.policy.schema import Policy
from router.privacy.digest import digest
from router.types import (
    Baselines,
    CostBasis,
    Identity,
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
    """Checks that `model` means `own`: by that name, as `auto`, or by an alias.

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
    """Returns what the named model would have cost, where the policy states its price."""
    asked = policy.requested_price(model)
    priced = None if asked is None else cost.attempt_cost(asked.to_price(), usage, 0.0)
    if priced is None or priced.basis is CostBasis.UNKNOWN:
        return Baselines()
    return Baselines(requested_model=priced.nano_usd)


class EmbeddingAsked(Struct, frozen=True):
    """Holds who asked for which texts' vectors, whoever makes them."""

    request_id: str
    identity: Identity
    policy: Policy
    policy_hash: str
    requested_model: str
    texts: Sequence[str]
    tags: tuple[str, ...]

    @property
    def endpoint(self) -> str:
        """Returns the endpoint that rows name."""
        return EMBEDDINGS

    @property
    def origin(self) -> Origin:
        """Returns who asked for what, as rows have it."""
        return Origin(
            self.request_id,
            self.identity.tenant,
            self.identity.key_id,
            self.endpoint,
            self.policy.mode,
            self.policy.name,
            self.policy_hash,
            self.requested_model,
            tags=self.tags,
        )

    def kept(self, secret: bytes) -> Kept:
        """Returns what rows keep of the texts: their digest."""
        return Kept(digest(secret, "\n\n".join(self.texts)))


class Embedding(EmbeddingAsked, frozen=True):
    """Holds one request for vectors with everything that its row contains."""

    model: str  # with the encoder's version, since vectors of two encoders do not mix
    tokens: int
    now_ms: int
    latency_ms: float
    compute_ms: float
    price: Price  # of a second of one core

    @property
    def cost_nano_usd(self) -> int:
        """Returns the cost of reading the texts, at the price book's rate of a core.

        0 without one.
        """
        return cost.own_compute(self.price, self.compute_ms)


def embedding_row(done: Embedding, secret: bytes) -> RequestRow:
    """Returns the row that is chained.

    It holds only own compute, and digests of the texts, which are kept nowhere.
    """
    call = replace(
        only_call(
            done.request_id,
            Role.ANSWER,
            Place(EMBEDDING_TIER, NO_LEVEL, EMBEDDING_TIER, done.model),
            cost.Cost(done.cost_nano_usd, CostBasis.OWN_COMPUTE),
            done.now_ms - round(done.latency_ms),
            done.latency_ms,
            Usage(input_tokens=done.tokens),
        ),
        price_version=done.price.version,
        compute_ms=done.compute_ms,
        cores=1,
    )
    baselines = asked_baseline(done.policy, done.requested_model, call.usage)
    reason = Reason.PINNED.value
    return build_row(
        done.origin,
        spent_on(call, RequestState.SETTLED, baselines),
        Times(call.started_at_ms, done.now_ms, done.latency_ms),
        Decided(Verdict.ACCEPTED.value, reason, (reason,), confidence=1.0),
        done.kept(secret),
    )
