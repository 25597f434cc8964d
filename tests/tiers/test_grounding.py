"""A rephrasing keeps only the sentences that its sources support."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kits.examples import examples
from tiers.grounding import grounded, passing_in, stems_of

SOURCE = (
    "Standard delivery costs $4.95 and is free for orders of $50 or more. Choose the country at "
    "the checkout of Alderbrook."
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Delivery costs $4.95.", "Delivery costs $4.95."),
        ("Delivery costs $1 per person.", ""),  # a figure of its own
        ("Delivery is not free for orders of $50.", ""),  # turned round
        ("Ask Bert at the checkout.", ""),  # a name of its own
        ("Standard delivery is free for orders of $50. We hope you enjoy your day!",
         "Standard delivery is free for orders of $50."),
        ("You can choose the country at the Alderbrook checkout.",
         "You can choose the country at the Alderbrook checkout."),
        ("", ""),
        ("Yes.", ""),
    ],
)  # fmt: skip
def test_a_sentence_stays_only_where_the_sources_hold_its_words(text: str, kept: str) -> None:
    assert grounded(text, [SOURCE]) == kept


@given(st.lists(st.sampled_from(["Delivery is free. It costs $4. Ask us! Choose now."])))
@examples(20)
def test_a_source_bears_itself_out(sentences: list[str]) -> None:
    text = " ".join(sentences)
    assert grounded(text, [text]).split() == text.split()


@given(st.text(max_size=200))
@examples(100)
def test_no_text_makes_it_fail(text: str) -> None:
    kept = grounded(text, [SOURCE])
    assert all(word in text for word in kept.split())


@pytest.mark.parametrize(
    ("question", "passing"),
    [
        ("Is there support in the evening?", ["evening"]),
        ("Is that for wholesale or the whole of it?", []),  # one beginning for both
        ("Do my mother\u2019s friends repair motherboards?", ["friend"]),
        ("Is childcare friendly?", []),
    ],
)
def test_whole_words_tell_what_passes(question: str, passing: list[str]) -> None:
    assert passing_in(question) == stems_of(passing)
