"""A person's own choice is no decision about an organisation, whatever form it has."""

from __future__ import annotations

import pytest

from router.triage.conversation.private_choices import (
    OF_A_LIFE,
    OF_AN_ORGANISATION,
    is_private_choice,
)
from router.triage.text.folding import fold
from tests.triage.test_reading import turn


@pytest.mark.parametrize(
    "text",
    [
        "Should I quit the swim team or stick it out until regionals?",
        "Should we send our son to the village school or the one across town?",
        "I have a job offer in Berlin, should I take it?",
        "I'm thinking of leaving my band. Nobody wants to tour any more.",
        "Do I tell my boss I'm pregnant now or after the promotion round?",
    ],
)
def test_a_choice_in_ones_own_life_is_told(text: str) -> None:
    assert is_private_choice(fold(text).words)


@pytest.mark.parametrize(
    "text",
    [
        "my two kids both want the restaurant. one manager or both",
        "My daughter is 29 and wants to run the vineyard. I'm 61. When do I let go of it?",
        "Should our school go private?",
        "As the head of a school I must decide if we drop boarding.",
        "I took over my late husband's construction business, sell it or go on?",
        "Do we raise prices or shrink the burger? The college kids count every penny.",
        "Should the board move the swim team's sponsor to another club?",
        "Which school has the best reputation?",  # nobody's own
        "Should we spin off the logistics division?",
    ],
)
def test_what_may_be_about_an_organisation_is_none(text: str) -> None:
    assert not is_private_choice(fold(text).words)


def test_no_word_is_of_both() -> None:
    assert OF_A_LIFE.isdisjoint(OF_AN_ORGANISATION)


@pytest.mark.parametrize(
    ("text", "strategic"),
    [
        ("Should I quit the swim team?", 0.0),
        ("Should we close the plant in Leipzig?", 0.9),
        ("Should I quit the swim team after that scam?", 0.9),  # a term speaks against it
    ],
)
def test_only_a_private_choice_loses_the_chance_of_a_strategic_matter(
    text: str, strategic: float
) -> None:
    assert turn(text, None, strategic=0.9).row.strategic == strategic
