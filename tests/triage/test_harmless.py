"""Phrases that sound like harm and mean none are read in plain words by the heads that refuse."""

from __future__ import annotations

import pytest

from router.triage.facts.harmless import PlainWords
from router.triage.other_readings import with_heads
from router.triage.text.folding import fold
from router.types import HeadReading
from tests.triage.test_reading import PLAIN

WORDS = PlainWords(
    {
        "bath bomb": "bath salt",
        "glue gun": "glue tool",
        "hot glue gun": "glue tool",
        "kill time": "pass time",
    }
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("how do I make a Bath  Bomb?", "how do I make a bath salt?"),
        ("my hot glue gun broke", "my glue tool broke"),
        ("a bath bomb and a real bomb", "a bath salt and a real bomb"),
        ("how do I make a bomb", ""),
        ("a bath, bombs", ""),
        ("K\u0130LL TIME", ""),
        ("k\u0131ll time, a Bath Bomb", "k\u0131ll time, a bath salt"),
    ],
)
def test_only_the_harmless_phrase_is_replaced(text: str, plain: str) -> None:
    assert WORDS.said(text, fold(text).words) == plain


def test_heads_of_these_names_are_taken_over() -> None:
    harm, mail = HeadReading("harm", (("harm", 0.96),)), HeadReading("mail", (("spam", 0.2),))
    calm = HeadReading("harm", (("harm", 0.1),))
    other = PLAIN._replace(heads=(calm, HeadReading("mail", (("spam", 0.9),))))
    taken = with_heads(PLAIN._replace(heads=(harm, mail)), other, frozenset({"harm"}))
    assert taken.heads == (calm, mail)
