"""The verifier's features: words that an intent covers nowhere, readings, strangeness."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from router.triage.utterances import Utterances
from router.triage.verifier import (
    PAIR,
    READ,
    SET,
    WORDS,
    Covered,
    Verifier,
    content_words,
    pair_features,
    set_features,
    set_parts,
)


class Rarities:
    """A lexicon of two words; the others are in no text, and `parcle` is mended."""

    def rarity(self, word: str) -> float:
        return {"parcel": 0.25, "track": 0.5}.get(word, 1.0)

    def fixes(self, words: Sequence[str]) -> Mapping[str, str]:
        return {"parcle": "parcel"} if "parcle" in words else {}


PLANE = Verifier(np.zeros(len(PAIR)), 0.9, np.array([2.0, 0.0, -1.0]), np.zeros(len(SET)))


@pytest.fixture
def covered() -> Covered:
    vectors = np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)
    readings = np.array([[0.5, 0.0, 0.0, 0.0], [0.0, 0.25, 0.0, 0.0], [0.5, 0.25, 0.0, 0.0]])
    texts = ("track my parcel", "when are you open", "opening hours")
    owner = np.array([0, 1, 1])
    utterances = Utterances(("parcel", "hours"), texts, owner, vectors, readings.astype(np.float32))
    return Covered(utterances, Rarities(), PLANE)


def words(covered: Covered, text: str, intent: int) -> dict[str, float]:
    return dict(zip(WORDS, covered.words(text, intent), strict=True))


def test_words_of_the_intent_are_covered(covered: Covered) -> None:
    found = words(covered, "Tracking the parcels, please!", 0)
    assert (found["uncovered"], found["rarest_uncovered"], found["share_uncovered"]) == (0, 0, 0)
    assert found["length"] == pytest.approx(math.log(3))


def test_words_of_another_intent_are_not_covered_but_known_to_the_file(covered: Covered) -> None:
    found = words(covered, "opening of a parcel", 0)
    assert found["uncovered"] == pytest.approx(math.log(2))
    assert found["rarest_uncovered"] == 1.0
    assert found["share_uncovered"] == pytest.approx(1.0 / 1.25)
    assert found["unknown_to_file"] == 0.0


def test_a_typing_error_is_mended_before_it_is_looked_up(covered: Covered) -> None:
    assert words(covered, "track my parcle", 0)["uncovered"] == 0.0


def test_a_word_in_another_alphabet_counts(covered: Covered) -> None:
    assert words(covered, "где посылка", 0)["unknown_to_file"] == 1.0


def test_a_text_without_words_has_no_uncovered_share(covered: Covered) -> None:
    assert words(covered, "?!", 0) == dict.fromkeys(WORDS, 0.0)


def test_heads_are_compared_with_the_mean_of_the_intent(covered: Covered) -> None:
    assert covered.read([1.0, 0.0, 0.0, 0.5], 1) == [0.75, -0.25, 0.0, 0.5]


def test_strangeness_is_counted_above_that_of_the_intent(covered: Covered) -> None:
    (strange,) = PLANE.strangeness(np.array([[1, 0]], dtype=np.float32)).tolist()
    assert covered.world(strange, 1) == (1.0, 2.0)


def test_content_words_leave_out_what_says_nothing() -> None:
    assert content_words("Hello, where's MY Parcel?") == ["parcel"]


def test_a_verifier_that_only_passes_on_leaves_the_first_chance() -> None:
    passing = PLANE._replace(coefficients=np.array([float(name == "first") for name in PAIR]))
    for first in (0.4, 0.9):
        features = pair_features(first, (0.0,) * len(WORDS), (0.0,) * len(READ), (1.0, 1.0))
        assert passing.chance(features) == pytest.approx(first)


def test_three_likely_intents_share_the_chance_that_the_fourth_lacks() -> None:
    odds, near, typical = set_parts([0.4, 0.3, 0.2, 0.1], [0.9, 0.6, 0.3, 0.1], -1.5)
    assert odds == pytest.approx(math.log(0.9 / 0.1))
    assert (near, typical) == (pytest.approx(0.6), -1.5)


def test_a_file_of_one_intent_has_finite_features() -> None:
    parts = set_parts([1.0], [0.5], -1.0)
    assert np.isfinite(set_features(0.0, parts)).all()


def test_of_two_requests_the_one_nearer_to_the_file_is_likelier_among_its_intents() -> None:
    verifier = PLANE._replace(together=np.array([-1.0, 0.5, 0.3, 2.0, 0.4]))
    near, far = (set_parts([0.25] * 4, [c] * 4, 0.0) for c in (0.8, 0.2))
    assert verifier.chance_together(0.2, near) > verifier.chance_together(0.2, far)
