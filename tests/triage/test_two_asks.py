"""What a message with two asks matches: of which clause the file has the answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.batches.text_reader import TextReader
from router.triage.matching.doubts import UNSURE
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.types import Match
from tests.triage.test_service import StatedModel

ABOVE = 0.9
MATCHES = {
    "are dogs allowed": ("dogs", ABOVE),
    "may they come in": ("dogs", 0.5),
    "is there a playground": ("workshops", 0.1),
    "can children paint": ("workshops", 0.4),
    "when is the next workshop": ("workshops", ABOVE),
    "do you sell boats": ("workshops", 0.1),
    "price match": ("price_match", ABOVE),
    "student discount": ("student_discount", ABOVE),
    "what does entry cost": ("entry_price", ABOVE),
    "how long does entry last": ("visit_length", ABOVE),
    "do you have a crane": ("workshops", 0.05),
    "where can i moor it": ("dogs", 0.95),
    "where do the boats": ("workshops", 0.1),
}


class StatedMatches:
    """Matches a text by the clause that it begins with."""

    highest = 0.901

    def nearest(self, vector: np.ndarray) -> float:
        return 0.0

    def written(self, text: str) -> None:
        return None

    def match(self, described: object, texts: Sequence[str]) -> list[Match | None]:
        return [self._of(text.lower()) for text in texts]

    def _of(self, text: str) -> Match | None:
        for clause, (intent, chance) in MATCHES.items():
            if text.startswith(clause):
                return Match(intent, chance, 0.9, 0.3)
        return None


def read(text: str) -> Match:
    config = TriageConfig(TermFinder({}), AmountReader({"usd": 1.0}), StatedMatches())
    match = TextReader(StatedModel()).read([Asked(text, config)])[0].match
    assert match is not None
    return match


@pytest.mark.parametrize(
    "text",
    [
        "are dogs allowed and can children paint",  # likelier asks for another answer
        "are dogs allowed and do you sell boats",  # hardly asks for any
        "are dogs allowed and is there a playground",  # its "there" points nowhere
    ],
)
def test_an_answer_is_unsure_where_a_second_ask_is_not_for_it(text: str) -> None:
    assert read(text).confidence == UNSURE


def test_an_answer_is_sure_where_both_asks_are_for_it() -> None:
    assert read("are dogs allowed and may they come in").confidence == ABOVE


def test_two_sentences_that_only_their_marks_make_questions_ask_twice() -> None:
    asked = dict(read("student discount? And price match?").asked)
    assert asked == {"student_discount": ABOVE, "price_match": ABOVE}


def test_an_idle_second_question_leaves_an_answer_sure() -> None:
    found = read("are dogs allowed? any ideas?")
    assert (found.confidence, found.asked) == (ABOVE, ())


def test_a_second_ask_gets_the_thing_of_the_first() -> None:
    found = read("what does entry cost, and how long does it last?")
    assert dict(found.asked) == {"entry_price": ABOVE, "visit_length": ABOVE}
    assert found.asks_only


def test_the_one_ask_that_has_an_answer_is_noted() -> None:
    found = read("are dogs allowed and do you have a crane")
    assert (found.asked, found.confidence) == ((("dogs", ABOVE),), UNSURE)


def test_the_one_ask_with_an_answer_is_noted_where_the_whole_is_near_another() -> None:
    found = read("where do the boats leave and are dogs allowed")
    assert (found.intent_id, found.asked) == ("dogs", (("dogs", ABOVE),))


def test_an_ask_that_points_elsewhere_is_not_the_one_that_is_known() -> None:
    assert read("do you have a crane and where can I moor it").asked == ()
