"""Where an answer of a small model ends: a cap that fits the question, and no loops."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kits.examples import examples
from tiers.local.answerer import LOOKED_EVERY, _Decoded, _until_cut
from tiers.local.endings import LOOPED_WORDS, fitting_tokens, loops


@pytest.mark.parametrize(
    ("question", "tokens"),
    [
        ("Why is the sky blue?", 160),
        ("", 160),
        ("Answer in one sentence: why is the sky blue?", 64),
        ("Give me three short tips for sleeping.", 120),
        ("Explain tides in 50 words.", 104),
        ("Name 2 reasons and 5 examples.", 184),
        ("Write 900 words about the sea.", 512),
        ("Write an essay about the sea.", 512),
        ("Translate this into French: good morning", 512),
        ("Explain step by step how bread is made.", 512),
        ("Tell me in detail how bread is made.", 512),
        ("My order 1234 is late, what now?", 160),
        ("In the year 1984 things changed. Why?", 160),
    ],
)
def test_cap_fits_the_question(question: str, tokens: int) -> None:
    assert fitting_tokens(question, 160, 512) == tokens


@examples(50)
@given(st.text(), st.integers(16, 1000), st.integers(1, 1000))
def test_cap_is_never_above_the_policys(question: str, usual: int, most: int) -> None:
    assert 0 < fitting_tokens(question, usual, most) <= most


@pytest.mark.parametrize(
    "text",
    [
        "I can help you with that. " * 3,
        "First. " + "the sea " * 6,
        "no " * LOOPED_WORDS,
        "You should call the bank, and you should call the bank, and " * 2
        + "you should call the bank, and",
        "Hello! " + "* Ask a friend for advice\n" * 3,
    ],
)
def test_text_that_says_the_same_again_loops(text: str) -> None:
    assert loops(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It rained and rained and rained.",
        "No, no, no!",
        "no " * (LOOPED_WORDS - 1),
        "I can help you with that. " * 2,
        "I can help you with that. " * 3 + "Now to something else.",
        "* one apple\n* two apples\n* three apples\n* four apples\n* five apples",
        "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
        "1. Monday: closed\n2. Tuesday: closed\n3. Wednesday: closed\n4. Thursday: closed",
    ],
)
def test_text_that_goes_on_does_not_loop(text: str) -> None:
    assert not loops(text)


@pytest.mark.parametrize(("partial", "cut"), [(True, True), (False, False)])
async def test_decoding_ends_soon_after_a_plain_text_loops(partial: bool, cut: bool) -> None:
    phrase = ["I ", "can ", "help ", "you ", "with ", "that. "]

    async def events() -> AsyncGenerator[dict[str, Any], None]:
        for _ in range(50):
            for piece in phrase:
                yield {"piece": piece}

    one = _Decoded()
    async with aclosing(_until_cut(events(), one, partial=partial)) as timely:
        async for event in timely:
            one.pieces.append(event["piece"])
    assert one.cut is cut
    # Half of a JSON value is worth nothing, so such text goes on.
    assert len(one.pieces) == (3 * len(phrase) + LOOKED_EVERY - 2 if cut else 50 * len(phrase))
