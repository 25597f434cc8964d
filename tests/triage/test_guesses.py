"""What the heads cannot read is called a guess wherever it is shown, and starts no rule."""

from __future__ import annotations

import pytest

from router import Gateway
from router.api.http.decision_views import signals_view
from router.cli.policies.explain import signal_lines, uncounted
from router.ledger.row_reading import derived_values, row_names
from router.policy.head_conditions import reading_of
from router.policy.sections.rules.hard_rules import HardRule
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.rule_conditions import rule_holds
from router.routing.stakes import domain_at_stake
from router.types import Domain, Matter, Reason, RequestType, Verdict
from tests.kits.changed import replace
from tests.kits.decision_kit import a_policy, facts
from tests.kits.fakes import ALICE, CALM, Houses, ask
from tests.kits.gateway_kit import deep, low, mid, only_row
from tests.kits.opened import gateway_of

SECTION = a_policy().decision
KOREAN = "오늘 회의 자료를 어디에 올려 두었나요?"
ARABIC = "اكتب لي رسالة قصيرة عن رحلة إلى البحر"
READ_BEFORE = "What should I know about the side effects of my blood pressure medication?"
UNREAD = replace(CALM, language="ko", brief=True, domain_read=False, request_type_read=False)


gateway = gateway_of("default")


@pytest.mark.parametrize("text", [KOREAN, ARABIC, "Чи можна змінити адресу доставки?"])
def test_a_text_that_the_heads_cannot_read_has_no_type_and_no_domain(
    gateway: Gateway, text: str
) -> None:
    """Each Korean line was shown as "math 0.50, science_math 0.50"."""
    signals = gateway.route(text).signals
    assert (signals.domain_read, signals.request_type_read) == (False, False)
    assert signals.known_domain is Domain.GENERAL
    label, shown = signal_lines(signals)[0]
    assert label == "read as"
    assert shown.startswith("not read, since the heads of type and domain cannot read")
    told = signals_view(signals)["guessed"]
    assert told == ["request_type", "domain", "risk_domain", "stakes_high"]


def test_a_guess_of_an_earlier_turn_is_not_laid_on_the_language_of_this_one() -> None:
    """An English turn after a Korean one was said to be in a language that no head can read."""
    (_, shown), *_ = signal_lines(replace(CALM, language="en", domain_read=False))
    assert "domain not read" in shown
    assert "read en" not in shown
    assert not shown.startswith("not read")


def test_an_english_text_is_read(gateway: Gateway) -> None:
    signals = gateway.route("How do I return a parcel?").signals
    assert (signals.domain_read, signals.request_type_read) == (True, True)
    assert signals_view(signals)["guessed"] == []


def test_a_domain_of_an_earlier_turn_was_read(gateway: Gateway) -> None:
    turns = [READ_BEFORE, "Ask your pharmacist.", KOREAN]
    messages = [
        {"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(turns)
    ]
    signals = gateway.route(messages).signals
    assert (signals.domain, signals.domain_read) == (Domain.MEDICAL, True)
    assert not signals.request_type_read


@pytest.mark.parametrize(
    ("rule", "domain", "holds"),
    [
        ({"domains": ["science_math"], "floor": 3}, Domain.SCIENCE_MATH, False),
        ({"domains": ["medical"], "floor": 3}, Domain.MEDICAL, True),  # it only warns
        ({"domains": ["medical"], "ceiling": 2}, Domain.MEDICAL, False),
        ({"request_types": ["math"], "floor": 3}, Domain.GENERAL, False),
    ],
)
def test_a_rule_does_not_hold_by_a_guess(
    rule: dict[str, object], domain: Domain, holds: bool
) -> None:
    written = HardRule.model_validate({"name": "x", **rule})
    guess = replace(UNREAD, domain=domain, request_type=RequestType.MATH)
    read = replace(guess, domain_read=True, request_type_read=True)
    assert rule_holds(written, read, frozenset(), ())
    assert rule_holds(written, guess, frozenset(), ()) is holds


@pytest.mark.parametrize(
    ("head", "domain", "told"),
    [
        ("domain", Domain.SCIENCE_MATH, False),
        ("domain", Domain.MEDICAL, True),
        ("request_type", Domain.MEDICAL, False),
    ],
)
def test_a_condition_on_heads_sees_no_guess(head: str, domain: Domain, told: bool) -> None:
    signals = replace(UNREAD, domain=domain)
    assert bool(reading_of(signals, head)) is told


POEM = replace(
    UNREAD,
    language="ar",
    domain=Domain.MEDICAL,
    domain_p=0.75,
    stakes_high=0.72,
    matter=Matter.SELF_HARM,
    grave=0.02,
)


def test_a_guess_of_health_costs_nothing_where_the_reader_is_calm() -> None:
    """A poem on winter was reckoned at $200, and went to the dearest model."""
    policy = a_policy()
    assert domain_at_stake(policy, POEM) is Domain.GENERAL
    assert domain_at_stake(policy, replace(POEM, grave=0.75)) is Domain.MEDICAL
    # Rows of before do not say that it is a guess.
    assert domain_at_stake(policy, replace(POEM, domain_read=True)) is Domain.MEDICAL


def test_likely_high_stakes_that_do_not_count_say_why(gateway: Gateway) -> None:
    outcome = gateway.route("كيف ألغي اشتراكي؟")
    assert outcome.signals.stakes_high >= 0.5
    assert Reason.HIGH_STAKES not in outcome.reasons
    assert "does not count: its head cannot read ar" in uncounted(outcome, SECTION)
    counted = replace(outcome, signals=replace(outcome.signals, stakes_high=0.2))
    assert uncounted(counted, SECTION) == ""


def test_stakes_of_general_knowledge_say_why(gateway: Gateway) -> None:
    outcome = gateway.route("How do I return a parcel?")
    high = replace(outcome.signals, stakes_high=0.9, knowledge=0.95, language="en")
    assert "asks for general knowledge" in uncounted(replace(outcome, signals=high), SECTION)


def test_a_phrase_of_strategy_is_told_beside_its_low_chance() -> None:
    found = replace(UNREAD, strategic=0.04, risk_terms=("strategy:fr",), language="fr")
    chances = dict(signal_lines(found))["chances"]
    assert "strategic 0.04 (a phrase says it: strategy:fr)" in chances
    assert "phrase" not in dict(signal_lines(replace(found, strategic=0.9)))["chances"]


async def test_a_row_has_no_name_for_what_was_not_read(houses: Houses) -> None:
    signals = replace(UNREAD, domain=Domain.SCIENCE_MATH, request_type=RequestType.MATH)
    house = houses([low(), mid()], signals=signals)
    await house.gateway.complete(ask(KOREAN), ALICE)
    row = await only_row(house)
    assert (row.domain, row.request_type) == derived_values(row.record) == ("", "")
    assert row_names(row) == ("unknown", "unknown")


async def test_a_matter_that_a_person_takes_has_its_domain(houses: Houses) -> None:
    grave = {"grave": 0.99, "matter": Matter.MEDICAL_EMERGENCY, "domain": Domain.MEDICAL}
    rules = {"default": "review", "by_domain": {}}
    signals = replace(UNREAD, language="de", **grave)
    house = houses([low(), mid(), deep(p=0.1)], signals=signals, exhausted=rules)
    outcome = await house.gateway.complete(ask("mir ist nicht gut"), ALICE)
    row = await only_row(house)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert row.domain == derived_values(row.record)[0] == row_names(row)[0] == "medical"


def test_a_technology_that_is_guessed_is_no_architecture() -> None:
    technical = replace(
        UNREAD,
        domain=Domain.TECHNOLOGY,
        request_type=RequestType.DECISION,
        multi_factor=0.9,
        strategic=0.4,
    )
    told = decide(a_policy(), technical, facts(p1=0.2), Asked()).floor_reasons
    assert Reason.ARCHITECTURE not in told
