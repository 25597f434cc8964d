"""Builds the rows of vectors that an upstream gives: a hold before the call, then what it cost.

Pure. Texts are kept nowhere; rows hold their digest.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.ledger.row_builder import (
    Decided,
    Place,
    Spent,
    Times,
    build_row,
    only_call,
    spent_on,
)
from router.ledger.row_reading import VECTORS
from router.money import cost
from router.money.model_redirects import FindRedirect
from router.policy.sections.answering.embedders import EmbedderSection
from router.request.calls.settlement import MOST_STATED_NANO_USD
from router.specialists.builtin_models import (
    EMBEDDING_TIER,
    EMBEDDINGS,
    NO_LEVEL,
    EmbeddingAsked,
    asked_baseline,
)
from router.types import (
    AttemptRow,
    AttemptState,
    Baselines,
    CostBasis,
    OutsideVectors,
    Price,
    Reason,
    RequestRow,
    RequestState,
    Role,
    Usage,
    Verdict,
    utf8_size,
)


class OutsideCall(EmbeddingAsked, frozen=True):
    """Holds one request for vectors of an upstream."""

    embedder: EmbedderSection
    started_ms: int
    asked_by_client: bool = True  # False: vectors of documents, or of a question to them
    tokens_sent: int = 0  # where the client sent token ids

    @property
    def endpoint(self) -> str:
        """Returns the endpoint that rows name: what no client asked for is no request."""
        return EMBEDDINGS if self.asked_by_client else VECTORS

    @property
    def price(self) -> Price:
        """Returns the price of the model's input."""
        return self.embedder.price.to_price()

    @property
    def most_tokens(self) -> int:
        """Returns a bound of the tokens: no tokenizer makes more than one of a byte."""
        return self.tokens_sent or sum(map(utf8_size, self.texts))


def held(call: OutsideCall) -> tuple[RequestRow, AttemptRow]:
    """Returns the intent and its attempt, which holds the call's worst case."""
    worst = _worst(call, call.price)
    attempt = replace(
        _attempt(call, worst, 0.0, Usage()),
        state=AttemptState.HELD,
        held_nano_usd=worst.nano_usd,
        cost_nano_usd=0,
    )
    place = Place(EMBEDDING_TIER, NO_LEVEL, call.embedder.name, call.embedder.model)
    row = build_row(
        call.origin,
        Spent(RequestState.OPEN, place, worst.nano_usd),
        Times(call.started_ms, 0),
        Decided(reason=Reason.PINNED.value, confidence=1.0),
    )
    return row, attempt


def finished(
    call: OutsideCall,
    attempt: AttemptRow,
    secret: bytes,
    *,
    tokens: int | None,
    now_ms: int,
    latency_ms: float,
    price: Price | None = None,
    error_code: str = "",
    unbilled: bool = False,
    released: bool = False,
) -> RequestRow:
    """Returns the row that is chained.

    `tokens` None means that nobody said how many: the call is booked at its hold, or at the hold of
    the model that answered where that is more, unless it is `unbilled` (never sent, or refused), or
    its price is the same for any tokens. `price` is that of the model that answered; None: as
    asked. `released`: we refused it ourselves, so that it is no call.
    """
    usage, price = Usage(tokens or 0, reported=tokens is not None), price or call.price
    paid = cost.attempt_cost(price, usage, 0.0)
    state = AttemptState.FAILED if error_code else AttemptState.SETTLED
    if released:
        state = AttemptState.RELEASED
    held, at_hold = attempt.held_nano_usd, False
    if unbilled:
        paid = cost.Cost(0, CostBasis.NONE)
    elif tokens is None:
        # Another model that answered, and counted nothing, may cost more than what was held.
        held = max(held, _worst(call, price).nano_usd)
        # An answer at a price of nothing, or per request, costs that whatever its tokens are.
        same = held <= (0 if error_code else paid.nano_usd)
        at_hold = paid.basis is CostBasis.UNKNOWN or not same
    elif price != call.price and paid.basis is CostBasis.UNKNOWN:
        at_hold = True  # nobody states what the model costs that answered
    if at_hold:
        paid, state = cost.Cost(held, paid.basis), AttemptState.UNKNOWN_COST
    done = replace(
        attempt,
        state=AttemptState.UNKNOWN_COST if paid.basis is CostBasis.UNKNOWN else state,
        cost_nano_usd=paid.nano_usd,
        cost_basis=paid.basis,
        usage=usage,
        estimated=at_hold,
        latency_ms=latency_ms,
        error_code=error_code,
        price_version=price.version,
    )
    ended = RequestState.FAILED if error_code else RequestState.SETTLED
    if done.state is AttemptState.UNKNOWN_COST:
        ended = RequestState.UNKNOWN_COST
    asked = asked_baseline(call.policy, call.requested_model, usage)
    # Nobody knows what the asked model would have cost, either, where no tokens were told.
    spent = spent_on(done, ended, asked if usage.reported else Baselines())
    reason = Reason.PINNED.value
    return build_row(
        call.origin,
        replace(spent, error_code=error_code),
        Times(call.started_ms, now_ms, latency_ms),
        Decided("" if error_code else Verdict.ACCEPTED.value, reason, (reason,), confidence=1.0),
        call.kept(secret),
    )


def price_of(call: OutsideCall, made: OutsideVectors, redirected: FindRedirect) -> Price:
    """Returns the price of the model that answered, `Price()` where nobody states it.

    A price per request covers whatever answers.
    """
    redirect = redirected(call.embedder.model, made.model) if made.model else None
    if redirect is None or call.price.per_request_nano_usd is not None:
        return call.price
    return redirect.price or Price()


def told_by(attempt: AttemptRow, made: OutsideVectors, redirected: FindRedirect) -> AttemptRow:
    """Returns the attempt with what its provider said of it, by which a bill finds it.

    Another model that answered is named, as its price counts.
    """
    other = made.model and redirected(attempt.model, made.model) is not None
    stated = made.provider_cost_nano_usd
    believed = stated is not None and stated <= MOST_STATED_NANO_USD
    return replace(
        attempt,
        model=made.model if other else attempt.model,
        upstream_id=made.upstream_id,
        provider_cost_nano_usd=stated if believed else None,
    )


def _worst(call: OutsideCall, price: Price) -> cost.Cost:
    return cost.attempt_cost(price, Usage(call.most_tokens), 0.0)


def _attempt(call: OutsideCall, paid: cost.Cost, latency_ms: float, usage: Usage) -> AttemptRow:
    place = Place(EMBEDDING_TIER, NO_LEVEL, call.embedder.name, call.embedder.model)
    return only_call(call.request_id, Role.ANSWER, place, paid, call.started_ms, latency_ms, usage)
