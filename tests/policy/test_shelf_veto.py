"""The veto of the shelf: what is too grave or hostile for an approved answer, whatever matches."""

from __future__ import annotations

import pytest

from router.policy.content.knowledge import IntentSection
from router.policy.content.shelf_veto import (
    GRAVE_AT,
    GRAVE_WHERE_SURE,
    HARM_AT,
    RISK_AT,
    STAKES_AT,
    SURE,
    TOXIC_AT,
    kept_off_shelf,
)
from router.types import Domain, HeadReading, Match, MatchBasis, Signals
from tests.kits.changed import replace
from tests.policy.test_knowledge import signals

BELOW = 0.001


def intent(domain: Domain = Domain.CUSTOMER_SUPPORT, *, grave: bool = False) -> IntentSection:
    return IntentSection(
        id="returns", domain=domain, utterances=["x"], answer="Yes.", source="s", grave=grave
    )


@pytest.mark.parametrize(
    ("said", "kept_off"),
    [
        ({}, False),
        ({"stakes_high": STAKES_AT - BELOW}, False),
        ({"stakes_high": STAKES_AT}, True),
        ({"toxic": TOXIC_AT - BELOW}, False),
        ({"toxic": TOXIC_AT}, True),
        ({"grave": GRAVE_AT - BELOW}, False),
        ({"grave": GRAVE_AT}, True),
        ({"risk_p": RISK_AT - BELOW, "risk_domain": Domain.MEDICAL}, False),
        ({"risk_p": RISK_AT, "risk_domain": Domain.MEDICAL}, True),
    ],
)
def test_grave_and_hostile_requests_are_kept_off(said: dict[str, object], kept_off: bool) -> None:
    assert kept_off_shelf(signals(**said), intent()) is kept_off


def test_an_answer_about_the_risk_itself_is_given() -> None:
    risky = signals(risk_p=0.99, risk_domain=Domain.FINANCE)
    assert not kept_off_shelf(risky, intent(Domain.FINANCE))
    assert kept_off_shelf(risky, intent(Domain.LEGAL))


def test_an_answer_approved_for_grave_requests_is_given() -> None:
    grave = signals(stakes_high=1.0, toxic=1.0, risk_p=1.0, risk_domain=Domain.MEDICAL)
    assert not kept_off_shelf(grave, intent(grave=True))


@pytest.mark.parametrize(
    ("chance", "grave", "kept_off"),
    [
        (SURE, GRAVE_WHERE_SURE - BELOW, False),
        (SURE, GRAVE_WHERE_SURE, True),
        (SURE - BELOW, GRAVE_AT, True),
    ],
)
def test_a_sure_match_is_kept_off_from_the_bar_of_level_3_on(
    chance: float, grave: float, kept_off: bool
) -> None:
    match = Match("returns", chance, 0.9, 0.3)
    assert kept_off_shelf(signals(grave=grave, match=match), intent()) is kept_off


def test_a_sure_match_speaks_for_its_own_answer_only() -> None:
    match = Match("shipping", SURE, 0.9, 0.3)
    assert kept_off_shelf(signals(grave=GRAVE_AT, match=match), intent())


@pytest.mark.parametrize(("chance", "kept_off"), [(HARM_AT - BELOW, False), (HARM_AT, True)])
def test_request_to_harm_is_kept_off_however_well_it_matches(chance: float, kept_off: bool) -> None:
    read = (HeadReading("harm", (("harm", chance),)),)
    match = Match("returns", 0.99, 0.9, 0.3)
    assert kept_off_shelf(signals(heads=read, match=match), intent()) is kept_off


WRITTEN = Match("returns", 0.99, 1.0, 0.3, basis=MatchBasis.WRITTEN)
RISKY = signals(risk_p=0.99, risk_domain=Domain.LEGAL)
HARMFUL = signals(heads=(HeadReading("harm", (("harm", 0.99),)),))


@pytest.mark.parametrize("said", [RISKY, HARMFUL])
def test_no_head_takes_a_question_that_the_operator_wrote_for_another_subject(
    said: Signals,
) -> None:
    assert not kept_off_shelf(replace(said, match=WRITTEN), intent())
    assert kept_off_shelf(replace(said, match=replace(WRITTEN, intent_id="other")), intent())


@pytest.mark.parametrize(
    "said", [{"stakes_high": STAKES_AT}, {"toxic": TOXIC_AT}, {"grave": GRAVE_WHERE_SURE}]
)
def test_what_is_at_stake_counts_in_a_written_question_too(said: dict[str, object]) -> None:
    assert kept_off_shelf(signals(match=WRITTEN, **said), intent())
