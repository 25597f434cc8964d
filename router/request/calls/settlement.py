"""Computes what an attempt is booked at: held, answered, failed or broken off. Pure.

It knows nothing about ledgers, budgets or clocks.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.errors import (
    AnswererNotReady,
    DeadlineExceeded,
    Overloaded,
    TiergateError,
    UpstreamError,
    UpstreamUnreachable,
)
from router.money import cost
from router.money.model_redirects import Redirect
from router.routing.rungs.rung_plan import RungPlan, serves_dearer
from router.types import (
    NANO_PER_USD,
    Answer,
    AttemptRow,
    AttemptState,
    ChatRequest,
    CostBasis,
    Price,
    Usage,
)

MOST_STATED_NANO_USD = 1_000 * NANO_PER_USD
"""Per call, as its provider states it. A full window of the dearest model of 2026 costs about $100;
a server that states another unit would lock a tenant out."""


def unbelieved(answer: Answer) -> int | None:
    """Returns a cost that a provider states and no call has, None for any other statement."""
    stated = answer.provider_cost_nano_usd
    return stated if stated is not None and stated > MOST_STATED_NANO_USD else None


def basis_at_first(plan: RungPlan, held: int) -> CostBasis:
    """Returns the basis of a hold: own compute without a price is known to cost nothing.

    A call to an upstream has the basis of its price: if its worker dies, the hold is what it costs
    at a price that is known.
    """
    if plan.spends_outside:
        return plan.facts.price.basis
    return CostBasis.UNKNOWN if held else CostBasis.OWN_COMPUTE


def answered_by(
    row: AttemptRow,
    plan: RungPlan,
    answer: Answer,
    price: Price | None,
    latency_ms: float,
    *,
    sound: bool = False,
    hours: bool = False,
) -> AttemptRow:
    """Returns the row of an answered call at `price`, by `price_of_call`; `sound` was sent with it.

    `hours` says that it may have written to a cache for an hour.

    Where nobody states that price, or nobody said how much a model used that thinks unseen, it
    counts at the hold, or at what is known of it where that is more: never understated, and unknown
    until it is reconciled.
    """
    stated, usage = price or plan.facts.price, answer.usage
    compute_ms = answer.compute_ms or rented_ms(plan, latency_ms)
    if compute_ms != answer.compute_ms:
        answer = replace(answer, compute_ms=compute_ms)
    unsaid = plan.spends_outside and not usage.reported
    if unsaid:
        usage = cost.at_dearest(stated, usage, hours=hours)
    elif hours:
        usage = cost.all_for_hours(usage)
        unsaid = usage is not answer.usage
    if sound and plan.spends_outside and not usage.audio_input_tokens:
        usage = cost.all_sound(stated, usage)
        unsaid = unsaid or usage is not answer.usage
    if usage is not answer.usage:
        answer = replace(answer, usage=usage)
    paid = paid_for(plan, answer, row.images)
    row = replace(
        row,
        state=state_of(paid),
        cost_nano_usd=paid.nano_usd,
        cost_basis=paid.basis,
        latency_ms=latency_ms,
        usage=answer.usage,
        estimated=unsaid,
        provider_cost_nano_usd=None if unbelieved(answer) else answer.provider_cost_nano_usd,
        compute_ms=answer.compute_ms,
        finish_reason=answer.choices[0].finish_reason if answer.choices else "",
        model=answer.model or row.model,
        p=answer.p,
        adapter=answer.adapter or "",
        upstream_id=answer.upstream_id,
    )
    if price is not None and price is not plan.facts.price:
        paid = cost.attempt_cost(price, answer.usage, answer.compute_ms, row.images)
        row = replace(
            row,
            state=state_of(paid),
            cost_nano_usd=paid.nano_usd,
            cost_basis=paid.basis,
            price_version=price.version,
        )
    if price is None or _thought_unseen(plan, answer):
        held = at_hold(row, plan)
        return replace(held, cost_nano_usd=max(held.cost_nano_usd, row.cost_nano_usd))
    return row


def rented_ms(plan: RungPlan, latency_ms: float) -> float:
    """Returns the time for which a call to a server that is priced by the hour costs; else 0.

    Nobody says how long that server computed, so all the time of the call counts.
    """
    by_hour = plan.spends_outside and plan.facts.price.per_second_nano_usd
    return latency_ms if by_hour else 0.0


def _thought_unseen(plan: RungPlan, answer: Answer) -> bool:
    """Returns True where the bytes of an answer bound nothing: its thoughts are billed unseen.

    Nobody said how many tokens there were, and no list price covers them.
    """
    facts = plan.facts
    unsaid = plan.spends_outside and not answer.usage.reported
    return unsaid and facts.hides_reasoning and facts.price.per_request_nano_usd is None


def price_of_call(plan: RungPlan, redirect: Redirect | None, request: ChatRequest) -> Price | None:
    """Returns the price of the model that answered; None where nobody states it.

    A list price per request covers everything. A list of token prices has those of text, so sound
    has none there; the operator's own price of an answerer covers it. Nor has it those of a faster
    service (`serves_dearer`).
    """
    asked = plan.facts.price
    if asked.per_request_nano_usd is not None or not plan.spends_outside:
        return asked
    price = asked if redirect is None else redirect.price
    # The calls that a composite makes are priced each by itself.
    sound = request.holds_sound and not plan.composite
    unpriced = sound and price is not None and not price.covers_sound
    return None if unpriced or serves_dearer(plan.facts, request) else price


def paid_for(plan: RungPlan, answer: Answer, images: int) -> cost.Cost:
    """Returns what an answer costs; a composite without list price costs what its calls cost."""
    price = plan.facts.price
    if plan.composite and price.per_request_nano_usd is None:
        return cost.Cost(0, CostBasis.OWN_COMPUTE)
    paid = cost.attempt_cost(price, answer.usage, answer.compute_ms, images)
    if paid.basis is CostBasis.UNKNOWN and not plan.spends_outside:
        return cost.Cost(0, CostBasis.OWN_COMPUTE)
    return paid


def state_of(paid: cost.Cost) -> AttemptState:
    """Returns the state of an attempt whose usage is known and whose price may not be."""
    unknown = paid.basis is CostBasis.UNKNOWN
    return AttemptState.UNKNOWN_COST if unknown else AttemptState.SETTLED


def at_hold(row: AttemptRow, plan: RungPlan) -> AttemptRow:
    """Books a call of unknown outcome: all that was held, on the basis of the hold."""
    return replace(
        row,
        state=AttemptState.UNKNOWN_COST,
        cost_nano_usd=row.held_nano_usd,
        cost_basis=plan.facts.price.basis,
        estimated=True,
    )


def no_less_than(
    bound: AttemptRow, told: Usage, price: Price, *, sound: bool, hours: bool
) -> AttemptRow:
    """Returns the bound of a call, raised to what its provider had said of it by then.

    `sound` was sent with it: where the provider told no tokens of sound apart, all its input counts
    as sound, and with `hours` all that it wrote to a cache as kept so long, as in `answered_by`.

    Of input and of output the dearer count holds, together at most what was held: more was written
    since the provider said it, and no byte of ours bounds what a provider adds to a prompt. The
    provider's own count holds also above that.
    """
    if price.per_request_nano_usd is not None:
        return bound
    if sound and not told.audio_input_tokens:
        told = cost.all_sound(price, told)
    if hours:
        told = cost.all_for_hours(told)
    counts = [told, bound.usage]
    inputs = max(counts, key=lambda one: _paid(price, one.without_output(), bound))
    outputs = max(counts, key=lambda one: _paid(price, one.without_input(), bound))
    merged = replace(
        inputs.without_output(),
        output_tokens=outputs.output_tokens,
        reasoning_tokens=outputs.reasoning_tokens,
        reported=False,
    )
    together = min(_paid(price, merged, bound), bound.held_nano_usd)
    paid = max(together, _paid(price, told, bound))
    if paid <= bound.cost_nano_usd:
        return bound
    return replace(bound, cost_nano_usd=paid, usage=merged)


def _paid(price: Price, usage: Usage, row: AttemptRow) -> int:
    return cost.attempt_cost(price, usage, 0.0, row.images).nano_usd


def own_compute(
    row: AttemptRow, plan: RungPlan, state: AttemptState, latency_ms: float
) -> AttemptRow:
    """Books a call to our own machine without an answer: the most it computed in that time."""
    own_ms = 0.0 if plan.composite else latency_ms
    return replace(
        row,
        state=state,
        cost_basis=CostBasis.OWN_COMPUTE,
        cost_nano_usd=cost.own_compute(plan.facts.price, own_ms),
        compute_ms=own_ms,
        estimated=True,
    )


def refused_unsent(error: TiergateError) -> bool:
    """Returns True for a call that we refused ourselves: nobody was asked, so it is no call.

    An upstream that cannot be reached was asked in vain.
    """
    if isinstance(error, UpstreamError):
        return not (error.sent or isinstance(error, UpstreamUnreachable))
    return isinstance(error, AnswererNotReady | Overloaded)


def may_be_billed(error: TiergateError) -> bool:
    """Returns True when the upstream may charge for a call that failed so."""
    if isinstance(error, DeadlineExceeded):
        return True
    if isinstance(error, UpstreamError):
        return error.sent and error.upstream_status is None
    return False
