"""The matter and the language of safe words come from what the decision knows already."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.wording.matters import (
    FoundMatter,
    fits_domain,
    in_danger,
    language_of,
    matter_of,
)
from router.types import UNDETERMINED, Domain, Matter, Reason, Signals
from tests.kits.decision_kit import CALM, a_policy, facts

STAKES = {Reason.HIGH_STAKES, Reason.HIGH_RISK_FINANCIAL}


@pytest.mark.parametrize(
    ("signals", "matter"),
    [
        (CALM, None),
        (replace(CALM, risk_terms=("poison:de",)), Matter.POISON),
        # A phrase says what it is; the reader guesses.
        (
            replace(
                CALM,
                risk_terms=("engineering_safety:fr",),
                grave=0.99,
                matter=Matter.MEDICAL_EMERGENCY,
            ),
            Matter.ENGINEERING_SAFETY,
        ),
        (replace(CALM, risk_terms=("medical_emergency", "violence:en")), Matter.VIOLENCE),
        (replace(CALM, risk_terms=("legal:it", "self_harm:it")), Matter.SELF_HARM),
        (replace(CALM, grave=0.99, matter=Matter.FRAUD), Matter.FRAUD),
        (replace(CALM, grave=0.85, matter=Matter.FRAUD, matter_language="pl"), None),
        (replace(CALM, grave=0.5, matter=Matter.FRAUD), None),
    ],
)
def test_the_gravest_matter_that_was_found_is_named(
    signals: Signals, matter: Matter | None
) -> None:
    assert matter_of(a_policy(), signals).matter is matter


def test_a_list_of_the_operator_goes_before_the_guess_of_a_matter() -> None:
    policy = a_policy()
    guessed = replace(CALM, risk_terms=("emergency",), grave=0.97, matter=Matter.POISON)
    assert matter_of(policy, guessed) == FoundMatter(named=True, domain=Domain.MEDICAL)
    despair = replace(guessed, grave=0.995, matter=Matter.SELF_HARM)
    assert matter_of(policy, despair).matter is Matter.SELF_HARM


def test_a_guess_in_another_language_names_no_matter() -> None:
    guessed = replace(CALM, grave=0.85, matter=Matter.SELF_HARM, matter_language="es")
    assert matter_of(a_policy(), guessed) == FoundMatter(unclear=True)
    named = replace(guessed, risk_terms=("legal:es",))
    assert matter_of(a_policy(), named) == FoundMatter(Matter.LEGAL, named=True)


def test_a_sure_guess_of_fraud_in_another_language_stays_unclear_and_is_noted() -> None:
    guessed = replace(CALM, grave=0.95, matter=Matter.FRAUD, matter_language="es")
    assert matter_of(a_policy(), guessed) == FoundMatter(unclear=True, maybe_fraud=True)
    assert not matter_of(a_policy(), replace(guessed, grave=0.85)).maybe_fraud


@pytest.mark.parametrize(
    ("signals", "language"),
    [
        (replace(CALM, language="ja", matter_language="de"), "ja"),
        (replace(CALM, language="", matter_language="de"), "de"),
        (replace(CALM, language="", risk_terms=("legal", "poison:tr")), "tr"),
        (replace(CALM, language=""), ""),
        (replace(CALM, language="en", matter_language=UNDETERMINED), ""),
        (replace(CALM, language="en", matter_language=UNDETERMINED, risk_terms=("x:it",)), "it"),
    ],
)
def test_words_take_the_language_of_the_request(signals: Signals, language: str) -> None:
    assert language_of(signals) == language


GUESSED = replace(
    CALM,
    stakes_high=0.9,
    domain=Domain.FINANCE,
    domain_p=0.9,
    risk_domain=Domain.FINANCE,
    risk_p=0.9,
    matter=Matter.FRAUD,
    grave=0.1,
)


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"language": "fr", "brief": True}, set()),
        ({"language": "fr", "brief": True, "grave": 0.75}, STAKES),
        # Whoever reads no documents cannot call one calm.
        ({"language": "fr", "brief": False}, STAKES),
        ({"language": "en", "brief": True}, STAKES),
        ({"language": "", "brief": True}, STAKES),
        ({"language": "fr", "brief": True, "matter": None}, STAKES),
    ],
)
def test_heads_do_not_count_in_a_language_that_they_cannot_read(
    changes: dict[str, object], reasons: set[Reason]
) -> None:
    found = decide(a_policy(), replace(GUESSED, **changes), facts(), Asked())
    assert set(found.floor_reasons) == reasons


IN_ENGLISH = replace(CALM, language="en", matter_language="en", grave=0.95)


@pytest.mark.parametrize(
    ("matter", "reason"),
    [
        (Matter.LARGE_MONEY, Reason.HIGH_RISK_FINANCIAL),
        (Matter.FRAUD, Reason.HIGH_RISK_FINANCIAL),
        (Matter.LEGAL, Reason.HIGH_RISK_LEGAL),
    ],
)
def test_a_grave_matter_is_named_by_its_own_domain(matter: Matter, reason: Reason) -> None:
    signals = replace(IN_ENGLISH, matter=matter, domain=Domain.FINANCE, domain_p=0.9)
    assert matter_of(a_policy(), signals) == FoundMatter(matter)
    assert decide(a_policy(), signals, facts(), Asked()).floor_reasons[0] is reason


def test_large_money_is_named_in_any_language() -> None:
    signals = replace(CALM, grave=0.85, matter=Matter.LARGE_MONEY, matter_language="pl")
    assert matter_of(a_policy(), signals) == FoundMatter(Matter.LARGE_MONEY)
    assert not in_danger(a_policy(), replace(signals, grave=1.0))


@pytest.mark.parametrize(
    ("domain", "chance", "matter"),
    [
        (Domain.LEGAL, 0.9, Matter.LEGAL),
        (Domain.LEGAL, 0.7, Matter.LARGE_MONEY),
        (Domain.FINANCE, 0.9, Matter.LARGE_MONEY),
    ],
)
def test_a_clause_over_a_large_sum_is_a_lawyers(
    domain: Domain, chance: float, matter: Matter
) -> None:
    signals = replace(
        CALM,
        grave=0.99,
        matter=Matter.LARGE_MONEY,
        domain=domain,
        domain_p=chance,
        language="en",
        matter_language="en",
    )
    assert matter_of(a_policy(), signals) == FoundMatter(matter)


@pytest.mark.parametrize(
    ("domain", "grave", "matter"),
    [
        (Domain.MEDICAL, 0.96, Matter.MEDICAL_EMERGENCY),
        (Domain.MEDICAL, 0.99, Matter.SELF_HARM),
        (Domain.GENERAL, 0.96, Matter.SELF_HARM),
    ],
)
def test_a_guess_of_self_harm_gives_way_to_a_question_of_treatment_unless_it_is_sure(
    domain: Domain, grave: float, matter: Matter
) -> None:
    signals = replace(IN_ENGLISH, matter=Matter.SELF_HARM, grave=grave, domain=domain, domain_p=0.9)
    assert matter_of(a_policy(), signals).matter is matter


def test_a_phrase_of_self_harm_stands_beside_a_question_of_treatment() -> None:
    signals = replace(
        IN_ENGLISH,
        matter=Matter.SELF_HARM,
        risk_terms=("self_harm:en",),
        domain=Domain.MEDICAL,
        domain_p=0.99,
    )
    assert matter_of(a_policy(), signals) == FoundMatter(Matter.SELF_HARM, named=True)


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({"domain_p": 0.68, "brief": True}, True),
        ({"domain_p": 0.67, "brief": True}, False),
        ({"domain_p": 0.9, "brief": False}, True),
        ({"domain_p": 0.89, "brief": False}, False),
        ({"domain": Domain.GENERAL, "domain_p": 0.99, "brief": True}, False),
        ({"domain_p": 0.3, "impact_nano_usd": 5_000 * 10**9}, True),
        ({"domain_p": 0.3, "grave": 0.99, "matter": Matter.LEGAL}, True),
    ],
)
def test_words_of_a_domain_are_for_requests_that_are_surely_its_own(
    changes: dict[str, object], fits: bool
) -> None:
    signals = replace(replace(CALM, domain=Domain.FINANCE), **changes)
    assert fits_domain(a_policy(), signals, Domain.FINANCE) is fits


FIRM = replace(CALM, matter=Matter.LEGAL, grave=0.9, strategic=0.95, language="fr")


@pytest.mark.parametrize(
    ("signals", "reason"),
    [
        (FIRM, Reason.STRATEGIC),
        (replace(FIRM, grave=0.99), Reason.HIGH_RISK_LEGAL),
        (replace(FIRM, matter=Matter.VIOLENCE), Reason.HIGH_RISK_MEDICAL),
        (replace(FIRM, strategic=0.4), Reason.HIGH_RISK_LEGAL),
    ],
)
def test_what_is_rather_a_decision_of_a_firm_is_named_so(signals: Signals, reason: Reason) -> None:
    found = decide(a_policy(), signals, facts(), Asked())
    assert found.floor_reasons[0] is reason
    assert (matter_of(a_policy(), signals) == FoundMatter()) is (reason is Reason.STRATEGIC)
