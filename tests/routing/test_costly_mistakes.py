"""Priors lead higher where a wrong answer would be dear, and never lower."""

from __future__ import annotations

import pytest

from router.policy.schema import Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.types import Domain, PSource, Reason, Signals
from tests.kits.changed import replace
from tests.kits.decision_kit import CALM, USD, a_policy, facts

MEDICAL = replace(CALM, domain=Domain.MEDICAL, knowledge=1.0)
DEAR = {"default_cost_of_wrong_usd": 0.05, "cost_of_wrong": [{"domain": "medical", "usd": 200}]}


def dear(**decision: object) -> Policy:
    changed = a_policy(**decision).model_dump(mode="json", exclude_unset=True)
    return Policy.model_validate({**changed, "stakes": DEAR})


def by_priors(
    signals: Signals, p1: float, p2: float, p3: float, **decision: object
) -> tuple[int, tuple[Reason, ...]]:
    first = decide(
        dear(**decision), signals, facts(p1, p2, p3, source=PSource.PRIOR), Asked()
    ).first_rung
    return first.level, first.reasons


@pytest.mark.parametrize(
    ("signals", "chances", "level", "reason"),
    [
        # $28.80, $7.20 and $6.00: level 3 would gain only $1.20 by its chance.
        (MEDICAL, (0.856, 0.964, 0.97), 2, Reason.COSTLY_MISTAKE),
        # $28, $11.60 and $1.40: $10.20 of a gain open level 3.
        (MEDICAL, (0.86, 0.942, 0.993), 3, Reason.COSTLY_MISTAKE),
        # $0.40 and $0.20: a gain of 20 cents buys nothing.
        (MEDICAL, (0.998, 0.999, 0.999), 1, Reason.FIXED_TRIGGERS_DECIDE),
        (replace(MEDICAL, domain_p=0.5), (0.86, 0.942, 0.993), 1, Reason.FIXED_TRIGGERS_DECIDE),
        (CALM, (0.86, 0.942, 0.993), 1, Reason.FIXED_TRIGGERS_DECIDE),
    ],
)
def test_a_dear_mistake_leads_higher_by_priors(
    signals: Signals, chances: tuple[float, float, float], level: int, reason: Reason
) -> None:
    assert by_priors(signals, *chances) == (level, (reason,))


def test_the_gains_that_lead_higher_are_of_the_policy() -> None:
    assert by_priors(MEDICAL, 0.856, 0.964, 0.97, level_3_gain_usd=1)[0] == 3
    assert by_priors(MEDICAL, 0.856, 0.964, 0.97, level_2_gain_usd=22)[0] == 1


def test_an_amount_leads_higher_by_its_own_triggers_alone() -> None:
    signals = replace(MEDICAL, domain=Domain.CUSTOMER_SUPPORT, impact_nano_usd=4_900 * USD)
    assert by_priors(signals, 0.9, 0.95, 0.99)[0] == 1


def test_nothing_is_raised_above_an_answer_whose_chance_is_known() -> None:
    known, *others = facts(0.9, 0.964, 0.99, source=PSource.PRIOR)
    rows = [replace(known, p_source=PSource.LABELLED), *others]
    assert decide(dear(), MEDICAL, rows, Asked()).first_rung.level == 1


def test_a_raised_request_keeps_a_client_s_ceiling() -> None:
    rows = facts(0.86, 0.942, 0.993, source=PSource.PRIOR)
    assert decide(dear(), MEDICAL, rows, Asked(max_tier=1)).first_rung.level == 1
    assert decide(dear(), MEDICAL, rows, Asked(max_tier=2)).first_rung.level == 2


def test_an_older_row_is_decided_without_gains() -> None:
    rows = facts(0.86, 0.942, 0.993, source=PSource.PRIOR)
    assert decide(dear(), MEDICAL, rows, Asked(), version=4).first_rung.level == 1


def test_a_dear_mistake_is_the_reason_where_another_rung_might_have_gone_first() -> None:
    doubted = by_priors(MEDICAL, 0.7, 0.942, 0.993)
    assert doubted == (3, (Reason.COSTLY_MISTAKE, Reason.LOW_CONFIDENCE))
    assert by_priors(MEDICAL, 0.7, 0.964, 0.97)[1][0] is Reason.LOW_CONFIDENCE
