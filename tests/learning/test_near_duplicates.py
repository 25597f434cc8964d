"""Near-duplicates by MinHash: the same pairs as an exact comparison finds."""

from __future__ import annotations

import itertools
import random

import pytest

from router.learning.near_duplicates import (
    NEAR,
    families,
    plain,
    representatives,
    shingles,
    similarity,
)

WORDS = [
    "order",
    "parcel",
    "refund",
    "invoice",
    "late",
    "broken",
    "address",
    "change",
    "cancel",
    "where",
    "when",
    "which",
]


def sentences(count: int) -> list[str]:
    """Sentences of which each third is a small change of the one before."""
    chance = random.Random(5)
    texts: list[str] = []
    while len(texts) < count:
        words = chance.choices(WORDS, k=14)
        texts.append(" ".join(words))
        texts.append(" ".join([*words[:-1], words[-1] + "s"]))
        texts.append(" ".join([*words[:7], *chance.choices(WORDS, k=7)]))
    return texts


def test_similarity_worked_by_hand() -> None:
    # " abcd " has the runs " abcd" and "abcd "; " abcde " adds none of them but the first.
    assert similarity(shingles("abcd"), shingles("abcde")) == pytest.approx(1 / 4)


def test_pairs_are_those_of_an_exact_comparison() -> None:
    texts = sentences(120)
    sets = [shingles(plain(text)) for text in texts]
    expected: list[int] = []
    for place in range(len(texts)):
        first = (
            other
            for other in range(place)
            if expected[other] == other and similarity(sets[place], sets[other]) >= NEAR
        )
        expected.append(next(first, place))
    assert representatives(texts, [""] * len(texts)) == expected
    assert len(set(expected)) < len(texts)


def test_texts_of_other_kinds_do_not_stand_for_each_other() -> None:
    assert representatives(["my order is late"] * 3, ["a", "b", "a"]) == [0, 1, 0]


def test_case_and_punctuation_make_no_other_text() -> None:
    assert representatives(["Where is my order?", "where is MY order"], ["", ""]) == [0, 0]


def test_no_chain_joins_two_unlike_texts() -> None:
    words = [f"word{number}" for number in range(40)]
    chain = [" ".join([*words[: 40 - k], *(f"else{n}" for n in range(k))]) for k in range(0, 40, 2)]
    stands_for = representatives(chain, [""] * len(chain))
    sets = [shingles(plain(text)) for text in chain]
    assert all(
        similarity(sets[place], sets[first]) >= NEAR for place, first in enumerate(stands_for)
    )
    assert len(set(stands_for)) > 3


def test_text_without_letters_is_compared_as_it_is() -> None:
    assert representatives(["???", "!!!", "???"], [""] * 3) == [0, 1, 0]


def test_order_of_texts_alone_decides() -> None:
    texts = sentences(30)
    first, again = (representatives(texts, [0] * len(texts)) for _ in range(2))
    assert first == again
    assert all(place >= first for place, first in enumerate(first))
    assert not any(a == b for a, b in itertools.pairwise(sorted(set(first))))


def test_letters_that_differ_in_their_greeting_are_one_family() -> None:
    letters = [
        f"{f'our order {i} of the {i}th of May ' * 2} came without a part" for i in range(12)
    ]
    texts = [greeting + letter for letter in letters for greeting in ("Hi, ", "Good day: ", "")]
    found = families(texts, ["a"] * len(texts))
    assert all(len(set(found[place : place + 3])) == 1 for place in range(0, len(texts), 3))


def test_unlike_texts_are_no_family() -> None:
    texts = ["The invoice was paid twice", "My laptop stopped working", "Where is the parcel?"]
    assert families(texts, ["a", "b", "a"]) == [0, 1, 2]


def test_a_form_of_several_labels_is_compared_by_what_was_filled_in() -> None:
    form = "You received a message through the contact page of our shop. Please do answer it: {}"
    bodies = ["The invoice was paid twice", "My laptop stopped", "the invoice was paid twice!"]
    texts = [form.format(body) for body in bodies]
    assert families(texts, ["a", "b", "a"]) == [0, 1, 0]
    assert families(texts, ["a", "a", "a"]) == [0, 0, 0]
