"""A request about another thing than an approved answer is about gets no answer by itself."""

from __future__ import annotations

import pytest

from router.triage.facts.other_things import OtherThings, names_another, other_things
from router.triage.matching.denials import words_in
from router.triage.matching.doubts import UNSURE, Shelf
from router.types import Domain, Match, MatchBasis
from tests.kits.checks.growth import in_proportion

CANCEL = ["I need to cancel my appointment", "can I move my appointment"]
TEETH = ["I have a terrible toothache", "my tooth broke off"]
BREAKFAST = ["is breakfast included", "when is breakfast"]
PARKING = ["do you have parking", "where can I park my car"]
NOTICE = ["I want to move out", "how do I give notice on my flat"]


def things_of(lines: list[str], answer: str = "") -> OtherThings:
    return other_things(words_in(" ".join([answer, *lines])), lines)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (CANCEL, "can I cancel my order"),
        (CANCEL, "Please cancel the subscription"),
        (TEETH, "my knee has been killing me all night"),
        (BREAKFAST, "Is dinner included?"),
        (PARKING, "where can I park my bike"),
        (NOTICE, "how do I give notice at my job"),
    ],
)
def test_a_thing_of_the_same_family_is_another(lines: list[str], text: str) -> None:
    assert names_another(text, things_of(lines))


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (CANCEL, "I have to cancel my visit"),  # another word for it
        (CANCEL, "cancel my booking"),  # which may be one
        (CANCEL, "I can't come on Monday, my order arrives then"),  # nothing is done with it
        (CANCEL, "cancel my order and my appointment"),
        (TEETH, "my molar has been killing me"),
        (TEETH, "can I hand in a form"),  # no pain
        (BREAKFAST, "can we have dinner in town"),
        (PARKING, "we come by bike"),
        (NOTICE, "how do I give notice on my apartment"),
    ],
)
def test_another_word_for_it_is_the_same_thing(lines: list[str], text: str) -> None:
    assert not names_another(text, things_of(lines))


def test_an_answer_about_all_things_is_about_each() -> None:
    assert not names_another("can I cancel my order", things_of(CANCEL, "Cancel anything here."))


def test_what_the_answer_says_is_no_other_thing() -> None:
    assert not names_another("can I cancel my order", things_of(CANCEL, "Orders and my order too"))


def test_the_shelf_is_unsure_of_an_answer_about_another_thing() -> None:
    shelf = Shelf([("cancel", Domain.GENERAL, CANCEL, "Until 24 hours before.")], lambda _: True)
    match = Match("cancel", 0.9, 0.9, 0.5, basis=MatchBasis.OWN)
    other = shelf.judged("can I cancel my order", match)
    assert other is not None
    assert other.confidence == UNSURE
    same = shelf.judged("can I cancel my visit", match)
    assert same is not None
    assert same.confidence > UNSURE


def test_things_are_found_in_linear_time() -> None:
    things = things_of(CANCEL)
    assert in_proportion(lambda text: names_another(text, things), "the a my order is ")
