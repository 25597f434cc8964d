"""Priced again at the prices that it was booked at, no attempt costs more or less, whatever it is.

Attempts are made by the functions that book them.
"""

from __future__ import annotations

import types
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.analysis.prices.reprice import reprice
from router.money import cost
from router.request.calls.settlement import at_hold, own_compute, paid_for, state_of
from router.routing.rungs.rung_plan import RungPlan
from router.types import Answer, AttemptRow, AttemptState, CostBasis, Price, Role, Usage
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.changed import replace

amounts = st.none() | st.integers(0, 10**11)
prices = st.builds(
    Price,
    input_nano_usd=amounts,
    cached_input_nano_usd=amounts,
    cache_write_nano_usd=amounts,
    output_nano_usd=amounts,
    per_request_nano_usd=st.none() | st.integers(1, 10**10),
    per_second_nano_usd=st.sampled_from([0, 30_000]) | st.integers(0, 10**6),
    reasoning_nano_usd=amounts,
    image_nano_usd=amounts,
)
usages = st.tuples(*[st.integers(0, 10**6)] * 5).map(
    lambda n: Usage(n[0] + n[1] + n[2], n[1], n[2], n[3] + n[4], n[4], True)
)
HELD = replace(
    attempt("r", cost=0, state=AttemptState.HELD), usage=Usage(), cost_basis=CostBasis.UNKNOWN
)
LIST_PRICE = Price(per_request_nano_usd=500_000_000, per_second_nano_usd=30_000)


def plan_of(price: Price, *, outside: bool, composite: bool) -> RungPlan:
    """Builds as much of an answerer's plan as booking asks for."""
    facts = types.SimpleNamespace(price=price)
    plan = types.SimpleNamespace(facts=facts, spends_outside=outside, composite=composite)
    return cast(RungPlan, plan)


def answered(row: AttemptRow, plan: RungPlan, usage: Usage, ms: float) -> AttemptRow:
    """A call that was answered; a frame around other calls has no usage that is its own."""
    own_ms = 0.0 if plan.composite or plan.spends_outside else ms
    paid = paid_for(plan, Answer((), "", usage, compute_ms=own_ms), row.images)
    return replace(row, state=state_of(paid), cost_nano_usd=paid.nano_usd,
                   cost_basis=paid.basis, usage=usage, compute_ms=own_ms,
                   estimated=plan.spends_outside and not usage.reported)  # fmt: skip


def bounded(row: AttemptRow, plan: RungPlan, usage: Usage) -> AttemptRow:
    """A stream that was cut: its bytes as tokens, at most the hold."""
    paid = cost.attempt_cost(plan.facts.price, usage, 0.0, row.images)
    return replace(row, state=state_of(paid), cost_nano_usd=min(paid.nano_usd, row.held_nano_usd),
                   cost_basis=paid.basis, usage=usage, estimated=True)  # fmt: skip


@st.composite
def booked(draw: st.DrawFn) -> tuple[AttemptRow, Price]:
    """An attempt in any state, and the price that it was booked at."""
    price, usage, ms = draw(prices), draw(usages), draw(st.floats(0, 10**5))
    where = draw(st.sampled_from(["outside", "own", "composite"]))
    plan = plan_of(price, outside=where == "outside", composite=where == "composite")
    row = replace(
        HELD,
        role=draw(st.sampled_from([one for one in Role if one is not Role.REVIEW])),
        held_nano_usd=draw(st.integers(0, 10**12)),
        images=draw(st.integers(0, 3)),
    )
    if price.per_request_nano_usd is not None:
        row = replace(row, held_nano_usd=price.per_request_nano_usd)
    ends = {
        "open": lambda: row,
        "answered": lambda: answered(row, plan, usage, ms),
        "covered": lambda: replace(
            answered(row, plan, usage, ms), cost_nano_usd=0, cost_basis=CostBasis.LIST_PRICE
        ),
        "not billed": lambda: replace(
            row, state=AttemptState.FAILED, cost_basis=CostBasis.OWN_COMPUTE
        ),
        "released": lambda: replace(
            row, state=AttemptState.RELEASED, cost_basis=CostBasis.OWN_COMPUTE
        ),
        "too late": lambda: own_compute(row, plan, AttemptState.FAILED, ms),
        "cancelled": lambda: own_compute(row, plan, AttemptState.CANCELLED, ms),
        "unknown": lambda: at_hold(row, plan),
        "gone": lambda: replace(at_hold(row, plan), state=AttemptState.CANCELLED),
        "cut": lambda: bounded(row, plan, usage),
        "left": lambda: replace(bounded(row, plan, usage), state=AttemptState.CANCELLED),
        "billed": lambda: replace(
            answered(row, plan, Usage(), 0.0), role=Role.RECONCILE, price_version="bill",
            held_nano_usd=0, cost_nano_usd=draw(st.integers(-(10**9), 10**9)),
        ),
        "crashed": lambda: replace(  # as the ledger finishes it, whatever it was held on
            row, state=AttemptState.UNKNOWN_COST, cost_nano_usd=row.held_nano_usd, estimated=True,
            cost_basis=draw(st.sampled_from(CostBasis)),
        ),
    }  # fmt: skip
    return ends[draw(st.sampled_from(sorted(ends)))](), price


@given(st.lists(booked(), max_size=8))
def test_unchanged_prices_make_no_difference_in_any_state(
    made: list[tuple[AttemptRow, Price]],
) -> None:
    calls = [
        replace(call, attempt_id=f"r/{at}", ordinal=at, model=str(at))
        for at, (call, _) in enumerate(made)
    ]
    repricing = reprice([request("r", *calls)], lambda _row, call: made[int(call.model)][1])
    assert repricing.total.difference_nano_usd == 0
    assert {s.difference_nano_usd for g in repricing.groups.values() for s in g.values()} <= {0}
    spent = sum(call.cost_nano_usd for call in calls)
    assert repricing.total.booked_nano_usd + repricing.total.left_out_nano_usd == spent


@pytest.mark.parametrize("price", [LIST_PRICE, replace(LIST_PRICE, per_second_nano_usd=0)])
@pytest.mark.parametrize("state", [AttemptState.FAILED, AttemptState.CANCELLED])
def test_call_that_came_to_no_answer_is_not_charged_a_list_price(
    price: Price, state: AttemptState
) -> None:
    plan = plan_of(price, outside=False, composite=False)
    late = own_compute(HELD, plan, state, 60_000.0)
    repricing = reprice([request("r", late)], lambda _row, _call: price)
    assert repricing.total.again_nano_usd == late.cost_nano_usd
    assert repricing.total.left_out == 0


def test_time_that_a_broken_off_call_took_is_priced_again_at_another_rate() -> None:
    plan = plan_of(LIST_PRICE, outside=False, composite=False)
    late = own_compute(HELD, plan, AttemptState.FAILED, 2_000.0)
    dearer = replace(LIST_PRICE, per_second_nano_usd=90_000)
    repricing = reprice([request("r", late)], lambda _row, _call: dearer)
    assert (late.cost_nano_usd, repricing.total.again_nano_usd) == (60_000, 180_000)


def test_what_a_bill_said_of_a_call_is_no_usage_to_price() -> None:
    line = replace(
        attempt("r", cost=-300_000), role=Role.RECONCILE, usage=Usage(), price_version="bill"
    )
    repricing = reprice([request("r", line)], lambda _row, _call: LIST_PRICE)
    assert (repricing.total.difference_nano_usd, repricing.total.left_out_nano_usd) == (0, -300_000)
