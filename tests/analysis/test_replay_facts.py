"""Facts that only a server can know: carried over from the record, or counted as assumed."""

from __future__ import annotations

import dataclasses

import pytest

from router.analysis.replay.cases import Case
from router.analysis.replay.facts import Assumed, Side, facts_under
from router.routing.constraints import Asked, Shape
from router.types import Capability, Price, PSource, Reason, RungFacts, Signals, Usage
from tests.analysis.test_replay import a_side
from tests.kits.changed import replace
from tests.kits.fakes import CALM
from tests.kits.gateway_kit import mid
from tests.kits.replay_kit import facts_of

KEPT = {"privacy": {"residency": [{"kinds": ["email"], "only": ["deep"]}]}}


def a_case(signals: Signals = CALM, shape: Shape | None = None, **changes: object) -> Case:
    """Returns a recorded request of two rungs; `changes` are of the model's facts."""
    resolver, model = facts_of(signals, 0.5)
    return Case(
        request_id="r1",
        policy_hash="recorded",
        signals=signals,
        asked=Asked(),
        shape=shape or Shape((), None),
        facts=(resolver, replace(model, **changes)),
        cost_nano_usd=10,
        usage=Usage(10, 0, 0, 5, 0, True),
        level=2,
        tier="llm",
        answerer="mid",
        first="mid",
        reason="",
    )


def with_mid(side: Side, **changes: object) -> Side:
    """Returns the side with other facts of its model."""
    plans = [
        replace(plan, facts=replace(plan.facts, **changes)) if plan.facts.name == "mid" else plan
        for plan in side.plans
    ]
    return dataclasses.replace(side, plans=tuple(plans))


def worked_out(side: Side, case: Case) -> tuple[RungFacts, set[Assumed]]:
    """Returns the facts of the model, and what was assumed."""
    assumed = set[Assumed]()
    facts, _ = facts_under(side, case, assumed)
    return next(fact for fact in facts if fact.answerer == "mid"), assumed


@pytest.mark.parametrize(
    ("sections", "declined", "told"), [(KEPT, Reason.RESIDENCY, True), ({}, None, False)]
)
def test_what_residency_kept_from_a_provider_stays_kept(
    sections: dict[str, object], declined: Reason | None, told: bool
) -> None:
    fact, assumed = worked_out(a_side(**sections), a_case(declined=Reason.RESIDENCY))
    assert (fact.declined, Assumed.RESIDENCY in assumed) == (declined, told)


@pytest.mark.parametrize(
    ("price", "declined"), [(Price(), Reason.UNKNOWN_PRICE), (mid().price, None)]
)
def test_a_rung_that_no_budget_bounded_stays_declined_while_nobody_prices_it(
    price: Price, declined: Reason | None
) -> None:
    case = a_case(declined=Reason.UNKNOWN_PRICE)
    fact, _ = worked_out(with_mid(a_side(), price=price), case)
    assert fact.declined is declined


def test_documents_are_declined_by_no_match() -> None:
    """Approved answers decline what they match nothing in; documents are searched when called."""
    case = a_case(replace(CALM, match=None))
    fact, _ = worked_out(with_mid(a_side(), kind="documents"), case)
    assert fact.declined is None
    fact, _ = worked_out(with_mid(a_side(), kind="resolver"), case)
    assert fact.declined is Reason.NOTHING_TO_RESOLVE


def test_a_search_before_deciding_counts_only_where_the_policy_asks_for_it() -> None:
    """No answerer of this policy asks for a search, so a server would have searched nothing."""
    case = a_case(replace(CALM, quotable=0.7))
    fact, assumed = worked_out(with_mid(a_side(), kind="documents"), case)
    assert (fact.p_source, Assumed.DOCUMENTS in assumed) == (PSource.LABELLED, False)


@pytest.mark.parametrize(("saved", "told"), [(0, False), (5, True)])
def test_a_warm_cache_of_the_record_is_told(saved: int, told: bool) -> None:
    _, assumed = worked_out(a_side(), a_case(cache_nano_usd=saved))
    assert (Assumed.COLD in assumed) is told


FILES = Shape((Capability.FILES,), None)


@pytest.mark.parametrize(
    ("kind", "shape", "missing", "known", "told"),
    [
        ("litellm", FILES, (), True, False),  # it was called with such parts then
        ("litellm", FILES, (Capability.FILES,), True, True),
        ("litellm", FILES, (), False, True),
        ("upstream", FILES, (), False, False),  # it reads addresses
        ("litellm", Shape((Capability.AUDIO,), None), (), False, False),
        ("upstream", Shape((Capability.TOOLS,), None, forces_tools=True), (), False, True),
        ("upstream", Shape((Capability.TOOLS,), None), (), False, False),
    ],
)
def test_parts_that_an_answerer_may_be_unable_to_read_are_told(
    kind: str, shape: Shape, missing: tuple[Capability, ...], known: bool, told: bool
) -> None:
    case = a_case(shape=shape, missing=missing)
    if not known:
        case = dataclasses.replace(case, facts=())
    side = with_mid(a_side(), kind=kind)
    # Only this model: the others of the side would be asked the same.
    alone = dataclasses.replace(side, plans=tuple(p for p in side.plans if p.facts.name == "mid"))
    fact, assumed = worked_out(alone, case)
    assert (fact.missing, Assumed.PARTS in assumed) == ((), told)
