"""Computes what an attempt is booked at: held, answered, failed or broken off.

All is pure but `cover_nested_calls`, which changes the rows it is given. It knows nothing
about ledgers, budgets or clocks.
"""

from __future__ import annotations

from msgspec import Struct
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
from router.money.token_bound import texts_of
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
    utf8_size,
)
from router.wire.body_keys import BY_WIRE, NO_KEYS
from router.wire.openai.usage import MOST_BYTES_PER_TOKEN

MOST_STATED_NANO_USD = 1_000 * NANO_PER_USD
"""Per call, as its provider states it. A full window of the dearest model of 2026 costs about $100;
a server that states another unit would lock a tenant out."""

_SUMMARIES = b"compact_"
"""Begins the name of Anthropic's edits of a context that are calls of their own."""


def unbelieved(answer: Answer) -> int | None:
    """Returns a cost that a provider states and no call has, None for any other statement."""
    stated = answer.provider_cost_nano_usd
    return stated if stated is not None and stated > MOST_STATED_NANO_USD else None


def held_at_first(
    plan: RungPlan, request: ChatRequest, *, outermost: bool, included: bool
) -> tuple[int, CostBasis]:
    """Returns what a call of `request` holds, in nano-dollars, and the basis of that hold.

    A composite rung holds its list price. Without one it holds nothing where it is `outermost`,
    since each call within it holds its own. A list price covers an `included` call. A provider that
    may serve the request at a higher price than is known holds 0 at an unknown one.
    """
    price = plan.facts.price
    if serves_dearer(plan.facts, request) and not included:
        return 0, CostBasis.UNKNOWN
    held = 0 if plan.composite and outermost else cost.worst_case(plan.facts, request)
    if plan.composite and price.per_request_nano_usd is not None:
        held = price.per_request_nano_usd
    return held, CostBasis.LIST_PRICE if included else basis_at_first(plan, held)


def basis_at_first(plan: RungPlan, held: int) -> CostBasis:
    """Returns the basis of a hold: own compute without a price is known to cost nothing.

    A call to an upstream has the basis of its price: if its worker dies, the hold is what it costs
    at a price that is known.
    """
    if plan.spends_outside:
        return plan.facts.price.basis
    return CostBasis.UNKNOWN if held else CostBasis.OWN_COMPUTE


def cover_nested_calls(rows: list[AttemptRow], outer_number: int) -> None:
    """Books the calls under a list price that was charged at 0: the price covers them."""
    outer = rows[outer_number]
    if outer.state is not AttemptState.SETTLED:
        return
    for number in range(outer_number + 1, len(rows)):
        uncharged = rows[number].cost_basis is CostBasis.NONE  # so there is nothing to cover
        # A hedged rung's call may run at the same time.
        if rows[number].rung == outer.rung and not uncharged:
            rows[number] = replace(rows[number], cost_nano_usd=0, cost_basis=CostBasis.LIST_PRICE)


def settled_attempt(
    row: AttemptRow,
    plan: RungPlan,
    answer: Answer,
    price: Price | None,
    latency_ms: float,
    *,
    sound: bool,
    hours: bool,
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


class Known(Struct, frozen=True):
    """Says what a provider had told of a call by its end, and how far that goes."""

    told: Usage
    sound: bool
    """Is True where sound was sent: where none was told apart, all input counts as sound."""
    hours: bool
    """Is True where the call may have written to a cache for an hour, as in `settled_attempt`."""
    all_input: bool = False
    """Is True where `told` has all the input, so that no bound of ours is better."""
    output_since: int | None = None
    """Bounds the output since `told`; None where `told` counts none that is worth believing."""


def reads_all_at_first(request: ChatRequest, told: Usage) -> bool:
    """Returns True where the input that a provider tells at first is all that it will bill.

    A tool that the provider runs, a summary of the context and keys that only a policy knows add
    input later. A count that cannot hold the request's words is of something else.
    """
    original = request.original
    adds = any([tool.native is not None for tool in request.tools])
    adds = adds or not request.extra.keys() <= BY_WIRE.get(request.endpoint, NO_KEYS)
    adds = adds or (original is not None and _SUMMARIES in original.body)
    words = sum([utf8_size(text) for text in texts_of(request)])
    return not adds and told.input_tokens * MOST_BYTES_PER_TOKEN >= words


def beside_told(bound: AttemptRow, known: Known, price: Price) -> AttemptRow:
    """Returns the bound of a call, corrected by what its provider had said of it by then.

    The provider's own count holds where it counts all, otherwise the dearer one of both; output
    that came since is added. Together that is at most what was held, except that the provider's own
    count also holds above it: no byte of ours bounds what a provider adds to a prompt.
    """
    if price.per_request_nano_usd is not None:
        return bound
    told = known.told
    if known.sound and not told.audio_input_tokens:
        told = cost.all_sound(price, told)
    if known.hours:
        told = cost.all_for_hours(told)
    counts = [told, bound.usage]
    inputs = told
    if not known.all_input:
        inputs = max(counts, key=lambda count: _paid(price, count.without_output(), bound))
    if known.output_since is None:
        outputs = max(counts, key=lambda count: _paid(price, count.without_input(), bound))
    else:
        outputs = _with_output(told, known.output_since, price)
    merged = replace(
        inputs.without_output(),
        output_tokens=outputs.output_tokens,
        reasoning_tokens=outputs.reasoning_tokens,
        reported=False,
    )
    together = min(_paid(price, merged, bound), bound.held_nano_usd)
    # What is booked at its hold, since nobody knows more, stays there.
    least = bound.cost_nano_usd if bound.usage == Usage() else 0
    paid = max(together, _paid(price, told, bound), least)
    return replace(bound, cost_nano_usd=paid, usage=merged)


def _with_output(told: Usage, tokens: int, price: Price) -> Usage:
    """Returns the counts with more output, in the class where it costs most."""
    more = cost.at_dearest(price, Usage(output_tokens=tokens))
    return replace(
        told,
        output_tokens=told.output_tokens + more.output_tokens,
        reasoning_tokens=told.reasoning_tokens + more.reasoning_tokens,
    )


def _paid(price: Price, usage: Usage, row: AttemptRow) -> int:
    return cost.attempt_cost(price, usage, row.compute_ms, row.images).nano_usd


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
