"""Misspelt texts for training: the same under a seed, and still about the same words."""

from __future__ import annotations

import random

import pytest

from router.training.data.misspelling import misspelt

TEXT = "my daughter swallowed a battery and cannot breathe"


def test_a_text_is_spoilt_the_same_way_under_the_same_seed() -> None:
    one, other = (misspelt(TEXT, "en", random.Random(3)) for _ in range(2))
    assert one == other


def test_nearly_all_texts_change_and_some_in_most_words() -> None:
    rng = random.Random(3)
    spoilt = [misspelt(TEXT, "en", rng) for _ in range(200)]
    changed = [sum(a != b for a, b in zip(TEXT.split(), s.split(), strict=False)) for s in spoilt]
    assert sum(count > 0 for count in changed) > 190
    assert sum(count >= 4 for count in changed) > 20


def test_some_texts_lose_a_space() -> None:
    rng = random.Random(3)
    counts = {len(misspelt(TEXT, "en", rng).split()) for _ in range(300)}
    assert {len(TEXT.split()), len(TEXT.split()) - 1} <= counts


@pytest.mark.parametrize(("text", "language"), [("孩子吃了电池", "zh"), ("電池を飲んだ", "ja")])
def test_scripts_without_spaces_keep_their_letters(text: str, language: str) -> None:
    rng = random.Random(3)
    assert {misspelt(text, language, rng) for _ in range(50)} == {text}


@pytest.mark.parametrize("text", ["", "a", "go", "I am ok"])
def test_short_words_are_left(text: str) -> None:
    rng = random.Random(3)
    for _ in range(50):
        misspelt(text, "en", rng)
