"""A question that somebody passes on is found between words that tell who asked it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.triage.framing.reported import (
    _BEFORE,
    _CUES,
    MOST_CHARACTERS,
    reported_question,
)
from router.triage.other_readings import CALM_ALONE, calm_in_role
from router.triage.text.folding import fold
from router.types import Matter
from tests.kits.examples import examples
from tests.triage.test_reading import PLAIN

QUESTION = "Is there a warranty on my purchase?"


@pytest.mark.parametrize(
    "text",
    [
        f'A customer asked me "{QUESTION}" and I did not know what to tell them.',
        f'A customer asked "{QUESTION}" today and I did not know what to tell them',
        f"One of our customers wants to know: \u201c{QUESTION}\u201d I had no idea.",
        f'Hi, somebody just asked "{QUESTION}", what do I say?',
        f'I was asked "{QUESTION}" yesterday. I don\'t know the answer. Thanks!',
    ],
)
def test_a_question_is_found_among_who_asked_it(text: str) -> None:
    assert reported_question(text, fold(text).words) == QUESTION


@pytest.mark.parametrize(
    "text",
    [
        'My daughter said "I do not want to live any more" and I did not know what to tell her.',
        f'A customer asked "{QUESTION}" and hit me. I did not know what to tell them.',
        f'A customer asked "{QUESTION}" and I bleed, I did not know what to tell them.',
        f'A customer asked "{QUESTION}" and "May I sue you?", I did not know what to say.',
        f'A violent customer asked "{QUESTION}" and I did not know what to tell them.',
        f'My husband asked me "{QUESTION}" and I did not know what to say.',
        'She asked me "Are you alone tonight?" and I did not know what to say.',
        'A customer asked "Why?" and I did not know what to tell them.',
        "A customer asked and I did not know what to tell them.",
        f'A customer asked "{QUESTION}" and I did not know what to say. ' + "x " * MOST_CHARACTERS,
    ],
)
def test_what_says_more_is_read_as_it_is(text: str) -> None:
    assert reported_question(text, fold(text).words) == ""


@given(st.from_regex(re.compile(_BEFORE.pattern, re.ASCII | re.IGNORECASE), fullmatch=True))
@examples(300)
def test_every_word_on_who_asked_has_one_that_is_looked_for(text: str) -> None:
    assert not _CUES.isdisjoint(fold(text).words)


@pytest.mark.parametrize(
    ("whole", "alone", "left"),
    [(0.97, 0.1, 0.1), (0.97, CALM_ALONE, 0.97), (0.3, 0.1, 0.3), (0.6, 0.9, 0.9), (0.3, 0.6, 0.3)],
)
def test_the_question_alone_says_if_it_is_grave(whole: float, alone: float, left: float) -> None:
    grave = PLAIN._replace(grave=whole, matter=Matter.SELF_HARM)
    read = calm_in_role(grave, PLAIN._replace(grave=alone, matter=Matter.LEGAL))
    assert read.grave == left
