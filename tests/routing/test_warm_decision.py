"""A warm prompt cache changes a decision: it keeps a conversation where that pays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.schema import DecisionSection, Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.expected_loss import counted_costs
from router.types import CostBasis, PSource, Reason, RungFacts
from tests.kits.changed import replace
from tests.kits.examples import examples
from tests.kits.fakes import CALM

USD = 1_000_000_000


def a_policy(**decision: object) -> Policy:
    answerers = [{"name": name, "kind": "local"} for name in ("one", "two")]
    return Policy.model_validate(
        {
            "version": 1,
            "name": "t",
            "decision": decision,
            "stakes": {"default_cost_of_wrong_usd": 10},
            "tiers": [
                {"name": "llm", "level": 2, "answerers": answerers},
                {
                    "name": "deep",
                    "level": 3,
                    "answerers": [{"name": "three", "kind": "local"}],
                },
            ],
        }
    )


def rung(name: str, level: int, p: float, usd: float, saved: float = 0.0, **more: object):
    """A rung that costs `usd` cold; `saved` of it where its cache is warm."""
    source = more.pop("source", PSource.LABELLED)
    basis = more.pop("basis", CostBasis.TOKEN_PRICE)
    cost, cache = round((usd - saved) * USD), round(saved * USD)
    return RungFacts(
        name, f"t{level}", level, p, source, 9, cost, basis, 0.0, cache_nano_usd=cache
    )  # fmt: skip


def first(rows: list[RungFacts], **decision: object) -> tuple[str, Reason]:
    found = decide(a_policy(**decision), replace(CALM, match=None), rows, Asked(min_tier=2))
    return found.first_rung.answerer, found.first_rung.reasons[-1]


EXPECTED = {"mode": "expected_loss", "level_3_not_below_usd": 0}


@pytest.mark.parametrize(
    ("saved", "answers", "reason"),
    [
        (0.0, "one", Reason.HINT_MIN_TIER),  # 10 x .01 = $0.10 more of a loss at `two`
        (0.09, "one", Reason.HINT_MIN_TIER),
        (0.11, "two", Reason.WARM_CACHE),
    ],
)
def test_a_switch_must_be_worth_the_cache_it_loses(saved, answers, reason) -> None:
    rows = [rung("one", 2, 0.95, 0.5), rung("two", 2, 0.94, 0.5, saved), rung("three", 3, 0.9, 9.0)]
    assert first(rows, **EXPECTED) == (answers, reason)


@pytest.mark.parametrize(("saved", "answers"), [(0.05, "three"), (0.11, "two")])
def test_a_climb_must_be_worth_the_cache_it_loses(saved, answers) -> None:
    """Cold, `three` gains 10 x .04 = $0.40 for $0.30 more."""
    rows = [
        rung("one", 2, 0.2, 0.5),
        rung("two", 2, 0.95, 0.5, saved),
        rung("three", 3, 0.99, 0.8),
    ]
    assert first(rows, **EXPECTED)[0] == answers


def test_a_warm_rung_stays_warm_although_a_lower_one_is_nearly_as_able() -> None:
    """`min_gain` prefers the lower of two equals, since it costs no more; here it does."""
    rows = [rung("one", 2, 0.95, 0.5), rung("two", 2, 0.955, 0.5, 0.3), rung("three", 3, 0.9, 9)]
    assert first(rows, **EXPECTED)[0] == "two"
    cold = [replace(row, cost_nano_usd=USD // 2, cache_nano_usd=0) for row in rows[:2]]
    assert first([*cold, rows[2]], **EXPECTED)[0] == "one"


@pytest.mark.parametrize(("saved", "answers"), [(0.19, "one"), (0.2, "two"), (0.3, "two")])
def test_where_chances_are_priors_a_warm_rung_goes_first_if_it_costs_no_more(
    saved, answers
) -> None:
    rows = [
        rung("one", 2, 0.9, 0.5, source=PSource.PRIOR),
        rung("two", 2, 0.9, 0.7, saved, source=PSource.PRIOR),
        rung("three", 3, 0.9, 9.0, source=PSource.PRIOR),
    ]
    assert first(rows)[0] == answers


def test_where_the_lowest_rungs_price_is_unknown_nothing_is_said_to_cost_no_more() -> None:
    rows = [
        rung("one", 2, 0.9, 0.0, basis=CostBasis.UNKNOWN),
        rung("two", 2, 0.9, 0.7, 0.7),
        rung("three", 3, 0.9, 9.0),
    ]
    assert first(rows)[0] == "one"


def test_no_cache_keeps_a_conversation_below_a_hard_floor() -> None:
    rows = [rung("one", 2, 0.99, 0.5), rung("two", 2, 0.99, 0.5, 0.5), rung("three", 3, 0.5, 9.0)]
    grave = replace(CALM, impact_nano_usd=20_000 * USD)
    assert decide(a_policy(), grave, rows, Asked()).first_rung.answerer == "three"


def test_a_warm_rung_counts_as_cheaper_than_its_equals_alone() -> None:
    section = DecisionSection(mode="expected_loss")
    rows = [rung("a", 2, 0.9, 3), rung("b", 3, 0.9, 5), rung("c", 3, 0.9, 5, 4)]
    assert counted_costs(rows, section) == [3 * USD, 5 * USD, 3 * USD]


some_cents = st.integers(0, 300)
chances = st.floats(0, 1, allow_nan=False)


@examples(300)
@given(
    st.lists(chances, min_size=3, max_size=3),
    st.lists(some_cents, min_size=3, max_size=3),
    st.lists(chances, min_size=3, max_size=3),
    st.sampled_from(["guarded", "expected_loss"]),
    st.integers(0, 100_000),
)
def test_raising_the_stakes_never_lowers_the_level_whatever_is_warm(
    ps, cents, shares, mode, more
) -> None:
    names = (("one", 2), ("two", 2), ("three", 3))
    rows = [
        rung(name, level, p, cost / 100, share * cost / 100)
        for (name, level), p, cost, share in zip(names, ps, cents, shares, strict=True)
    ]
    policy = a_policy(mode=mode, level_3_not_below_usd=0)
    before = decide(policy, CALM, rows, Asked()).first_rung.level
    raised = decide(policy, CALM, rows, Asked(stakes_nano_usd=more * USD)).first_rung.level
    assert raised >= before
