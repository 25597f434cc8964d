"""A policy refuses by conditions on heads: by language, and by what the key may do."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.policy.refusal import of_self_harm, of_victim, refusal
from router.policy.schema import Policy
from router.types import HeadReading, Matter, Reason, Signals
from tests.kits.fakes import CALM, a_policy
from tests.kits.gateway_kit import deep, low, mid

SAFETY = {
    "refuse": [{"head": "harm", "at": 0.9, "at_other_languages": 0.6}],
    "self_harm": [{"head": "kind", "classes": ["self_harm_method"], "at": 0.5}],
    "security": [{"head": "kind", "classes": ["malware"], "at": 0.5}],
}


@pytest.fixture
def policy() -> Policy:
    heads = [{"name": "harm", "path": "harm.json"}, {"name": "kind", "path": "kind.json"}]
    return a_policy([low(), mid(), deep()], safety=SAFETY, heads=heads)


def read(harm: float, kind: str = "weapons", language: str = "en") -> Signals:
    heads = (HeadReading("harm", (("harm", harm),)), HeadReading("kind", ((kind, 0.8),)))
    return replace(CALM, heads=heads, language=language)


@pytest.mark.parametrize(
    ("signals", "refused"),
    [
        (read(0.9), True),
        (read(0.89), False),
        (read(0.7, language=""), False),
        (read(0.6, language="de"), True),
        (read(0.59, language="de"), False),
    ],
)
def test_chance_counts_by_language(policy: Policy, signals: Signals, refused: bool) -> None:
    found = refusal(policy, signals, defends=False)
    assert found is (Reason.HARMFUL if refused else None)


@pytest.mark.parametrize(
    ("kind", "defends", "refused"),
    [
        ("malware", True, False),
        ("malware", False, True),
        ("weapons", True, True),
    ],
)
def test_defender_may_ask_about_attacks_on_computers_alone(
    policy: Policy, kind: str, defends: bool, refused: bool
) -> None:
    found = refusal(policy, read(0.99, kind), defends=defends)
    assert found is (Reason.HARMFUL if refused else None)


@pytest.mark.parametrize(
    ("signals", "due"),
    [
        (read(0.99, "self_harm_method"), True),
        (replace(read(0.99), matter=Matter.SELF_HARM, grave=0.5), True),
        (replace(read(0.99), matter=Matter.SELF_HARM, grave=0.49), False),
        (replace(read(0.99), matter=Matter.VIOLENCE, grave=0.9), False),
        (read(0.99), False),
    ],
)
def test_words_of_help_are_due_for_self_harm(policy: Policy, signals: Signals, due: bool) -> None:
    assert of_self_harm(policy, signals) is due


@pytest.mark.parametrize(
    ("language", "names", "grave", "victim"),
    [
        ("fr", ("fraud:fr",), 0.8, True),
        ("fr", ("fraud:fr",), 0.79, False),
        ("fr", ("fraud",), 0.99, False),
        ("en", ("fraud:en",), 0.99, False),
    ],
)
def test_victim_of_a_wrong_is_told_by_phrase_and_reader(
    language: str, names: tuple[str, ...], grave: float, victim: bool
) -> None:
    signals = replace(read(0.99, language=language), risk_terms=names, grave=grave)
    assert of_victim(signals) is victim
