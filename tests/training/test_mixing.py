"""Tests two readers of a text as one head: their weights, and when the words are enough."""

from __future__ import annotations

import numpy as np
import pytest

from router.stats.calibration import softmax
from router.stats.heads import Encoded
from router.stats.ngrams import Grams, counted, rarity
from router.stats.softmax_regression import fit_grams
from router.training.heads.fit_one_head import Recipe, TaughtRows, fit_head
from router.training.heads.mix_ngrams import (
    LEAST_SURE,
    NEVER_SURE,
    fit_mix,
    sure_from,
)

RNG = np.random.default_rng(3)
LABELS = RNG.integers(0, 3, 900)


def logits(strength: float) -> np.ndarray:
    """Gaussian class scores: those of the right class lie `strength` higher."""
    found = RNG.normal(size=(len(LABELS), 3))
    found[np.arange(len(LABELS)), LABELS] += strength
    return found


def log_loss(both: np.ndarray) -> float:
    return -float(np.log(softmax(both)[np.arange(len(LABELS)), LABELS]).mean())


def test_weights_are_of_least_log_loss() -> None:
    one, two = logits(1.5), logits(0.7)
    mix = fit_mix(one, two, LABELS)
    best = min(
        log_loss(a * one + b * two) for a in np.linspace(0, 3, 31) for b in np.linspace(0, 3, 31)
    )
    assert log_loss(mix.vectors * one + mix.words * two) <= best + 1e-4


def test_the_better_reader_counts_more() -> None:
    mix = fit_mix(logits(2.0), logits(0.3), LABELS)
    assert mix.vectors > mix.words > 0


def test_a_reader_that_speaks_against_the_truth_is_left_out() -> None:
    assert fit_mix(logits(2.0), -logits(1.0), LABELS).words == 0.0


def test_words_are_sure_as_long_as_the_whole_head_is_no_better() -> None:
    confidence = np.linspace(1.0, 0.9, 100)
    right = np.ones(100)
    right[60:] = 0.0
    assert sure_from(confidence, right, np.ones(100)) == pytest.approx(confidence[60], abs=2e-6)


def test_equally_sure_rows_are_taken_together_or_not_at_all() -> None:
    confidence = np.array([0.99] * 50 + [0.95] * 400)
    right = np.ones(450)
    right[400:] = 0.0  # behind the first rows of the second step
    assert sure_from(confidence, right, np.ones(450)) == 0.99


@pytest.mark.parametrize("p", [0.9512345678, 1 - 0.048766, 0.951234])
def test_rounding_leaves_no_row_of_a_step_below_it(p: float) -> None:
    found = sure_from(np.full(100, p), np.ones(100), np.ones(100))
    assert p - 2e-6 < found <= p


def test_words_of_middling_confidence_are_never_sure() -> None:
    assert sure_from(np.full(100, 0.7), np.ones(100), np.ones(100)) == NEVER_SURE


def test_middling_rows_do_not_count_towards_the_least_number() -> None:
    confidence = np.array([0.95] * (LEAST_SURE - 1) + [0.7] * 100)
    right = np.ones(len(confidence))
    assert sure_from(confidence, right, right) == NEVER_SURE
    assert sure_from(np.append(confidence, 0.91), np.append(right, 1), np.append(right, 1)) == 0.91


def test_few_sure_rows_prove_nothing() -> None:
    count = LEAST_SURE - 5
    right = np.array([1.0] * (count - 2) + [0.0] * 30)
    found = sure_from(np.linspace(1, 0.5, len(right)), right, np.ones(len(right)))
    assert found == NEVER_SURE


def test_fitted_words_tell_classes_apart_by_their_words() -> None:
    grams = Grams.of([counted([5, 6]), counted([5, 7])] * 20)
    labels = np.array([0, 1] * 20)
    table, bias = fit_grams(grams, rarity(grams), labels, 2)
    only = [counted([6])[0][0], counted([7])[0][0]]
    assert table[only[0], 0] > 0 > table[only[1], 0]
    assert np.abs(bias[0] - bias[1]) < 0.1


def test_a_head_over_words_reads_what_the_embedding_cannot_see() -> None:
    """Vectors are noise; the words tell all. The head must find the words."""
    count = 240
    labels = RNG.integers(0, 2, count)
    ids = [[10 + int(label), *RNG.integers(100, 160, 6).tolist()] for label in labels]
    grams = Grams.of([counted(row) for row in ids])
    vectors = RNG.normal(size=(count, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [f"text {i} of the set" for i in range(count)]
    taught = TaughtRows(Encoded(vectors, grams), labels, texts)
    both = fit_head(Recipe("kind", ("a", "b"), "0" * 64, rarity(grams)), taught, seed=1)
    alone = fit_head(Recipe("kind", ("a", "b"), "0" * 64, rare=None), taught, seed=1)
    assert float(str(both.figures["accuracy"])) > 0.95
    assert float(str(alone.figures["accuracy"])) < 0.65
    assert both.head.early is not None
    assert both.head.early.sure <= 1.0
