"""A reason says what was read in the text, and nothing that is merely the likeliest of many."""

from __future__ import annotations

import pytest

from router.policy.schema import Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.hard_rules import risk_domain_of
from router.types import Domain, Matter, Reason, RequestType, Signals
from tests.kits.changed import replace
from tests.kits.decision_kit import CALM, a_policy, facts

GRAVE = replace(CALM, grave=0.99, matter=Matter.VIOLENCE, language="en", brief=True)
EXPORT = replace(
    CALM,
    domain=Domain.TECHNOLOGY,
    domain_p=0.35,
    risk_domain=Domain.FINANCE,
    risk_p=0.5,
    stakes_high=0.91,
    language="en",
    brief=True,
    matter=Matter.LEGAL,
    grave=0.2,
)
TECHNICAL = replace(
    CALM,
    domain=Domain.TECHNOLOGY,
    domain_p=0.9,
    request_type=RequestType.DECISION,
    request_type_p=0.8,
    multi_factor=0.8,
)


def reasons(signals: Signals, policy: Policy | None = None, version: int = 8) -> tuple[Reason, ...]:
    decision = decide(policy or a_policy(), signals, facts(p1=0.2), Asked(), version=version)
    return decision.floor_reasons


@pytest.mark.parametrize(
    ("matter", "reason"),
    [
        (Matter.VIOLENCE, Reason.HIGH_RISK_PERSONAL_SAFETY),
        (Matter.SELF_HARM, Reason.HIGH_RISK_PERSONAL_SAFETY),
        (Matter.POISON, Reason.HIGH_RISK_MEDICAL),
        (Matter.MEDICAL_EMERGENCY, Reason.HIGH_RISK_MEDICAL),
        (Matter.ENGINEERING_SAFETY, Reason.HIGH_RISK_ENGINEERING_SAFETY),
    ],
)
def test_violence_and_self_harm_are_no_matters_of_health(matter: Matter, reason: Reason) -> None:
    """ "I am locked out of my account, help ASAP", read as violence, was a medical risk."""
    assert reasons(replace(GRAVE, matter=matter))[0] is reason
    named = replace(CALM, risk_terms=(f"{matter.value}:de",), language="de", brief=True)
    assert reasons(named)[0] is reason


def test_in_other_languages_the_reader_does_not_say_which_danger_it_is() -> None:
    assert reasons(replace(GRAVE, language="de"))[0] is Reason.HIGH_RISK_MEDICAL


def test_words_and_review_of_a_danger_are_still_those_of_medicine() -> None:
    policy = a_policy()
    decision = decide(policy, GRAVE, facts(), Asked())
    assert risk_domain_of(policy, GRAVE, decision) is Domain.MEDICAL


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, Reason.HIGH_RISK),
        ({"domain": Domain.FINANCE, "domain_p": 0.54}, Reason.HIGH_RISK),
        ({"domain": Domain.FINANCE, "domain_p": 0.55}, Reason.HIGH_RISK_FINANCIAL),
        (
            {"domain": Domain.FINANCE, "domain_p": 0.9, "domain_read": False, "brief": False},
            Reason.HIGH_RISK,
        ),
        ({"strategic": 0.9}, Reason.STRATEGIC),
    ],
)
def test_a_domain_that_is_not_sure_names_no_risk(
    changes: dict[str, object], reason: Reason
) -> None:
    """ "Can I export my projects before I downgrade?" was `high_risk_financial` by .50."""
    told = reasons(replace(EXPORT, **changes))
    assert told[0] is reason
    assert decide(a_policy(), replace(EXPORT, **changes), facts(), Asked()).floor == 3


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"strategic": 0.05}, True),
        ({"strategic": 0.04}, False),
        ({"strategic": 0.4, "request_type_p": 0.49}, False),
        ({"strategic": 0.4, "request_type_p": 0.5}, True),
        ({"strategic": 0.4, "request_type_read": False}, False),
        ({"strategic": 0.4, "domain_read": False}, False),
    ],
)
def test_a_slow_laptop_is_no_architecture(changes: dict[str, object], named: bool) -> None:
    told = reasons(replace(TECHNICAL, **changes))
    assert (Reason.ARCHITECTURE in told) is named
    assert Reason.MULTI_FACTOR in told


@pytest.mark.parametrize(
    ("signals", "before"),
    [
        (GRAVE, Reason.HIGH_RISK_MEDICAL),
        (EXPORT, Reason.HIGH_RISK_FINANCIAL),
        (TECHNICAL, Reason.ARCHITECTURE),
    ],
)
def test_a_row_of_an_earlier_version_keeps_the_names_of_its_time(
    signals: Signals, before: Reason
) -> None:
    assert reasons(signals, version=7)[0] is before
    assert reasons(signals)[0] is not before
