"""Tests the evaluation of heads: the rows that judge a head never weighed it."""

from __future__ import annotations

import numpy as np
import pytest

from router.evaluation.judging import early_section, weighed
from router.stats.calibration import Platt
from router.stats.heads import Early, Encoded, Head, HeadKind
from router.stats.ngrams import BUCKETS, Grams, counted, rarity
from router.training.heads.fit_one_head import FittedHead, Recipe, TaughtRows, fit_head
from tests.kits.changed import replace

ROWS = 600
RNG = np.random.default_rng(11)


def drawn(count: int) -> tuple[Encoded, np.ndarray]:
    """Texts whose vectors and words both tell a little of their class, of two."""
    labels = RNG.integers(0, 2, count)
    vectors = RNG.normal(size=(count, 8)).astype(np.float32)
    vectors[:, 0] += labels * 2 - 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [[10 + int(RNG.random() < 0.2 + 0.6 * k), *RNG.integers(50, 99, 5)] for k in labels]
    return Encoded(vectors, Grams.of([counted(row) for row in ids])), labels


@pytest.fixture(scope="module")
def fit() -> FittedHead:
    encoded, labels = drawn(ROWS)
    texts = [f"text {i}" for i in range(ROWS)]
    return fit_head(
        Recipe("kind", ("a", "b"), "0" * 64, rarity(encoded.grams)),
        TaughtRows(encoded, labels, texts, honest=np.zeros(ROWS, bool)),
        seed=1,
    )


def test_each_half_is_judged_by_a_head_of_the_other_half(fit: FittedHead) -> None:
    encoded, labels = drawn(400)
    turned = labels.copy()
    turned[::2] = 1 - turned[::2]  # what the even rows say is the opposite of what was taught
    _, chances, halves = weighed(fit, encoded, turned, lambda one, mine: one(encoded[mine]))
    even, odd = (mine for _, mine in halves)
    assert (even ^ odd).all()
    right = chances.argmax(axis=1) == labels
    assert right[even].mean() > 0.75  # weighed on the odd rows, which agree with what was taught
    assert chances[odd].max(axis=1).mean() < chances[even].max(axis=1).mean()  # on those that don't


def told(sure: float) -> Head:
    """Bucket 7 says yes, bucket 9 says no, each with a chance of .95."""
    table = np.zeros((BUCKETS, 1), np.float32)
    table[7], table[9] = 3.0, -3.0
    return Head(
        "hot", HeadKind.CHANCE, ("yes",), np.zeros((1, 1), np.float32), np.zeros(1, np.float32),
        Platt(1.0, 0.0), "", words=table,
        early=Early(np.zeros(1, np.float32), Platt(1.0, 0.0), sure),
    )  # fmt: skip


ASKED = Encoded(
    np.ones((4, 1), np.float32),
    Grams.of([(np.array([b], np.int32), np.ones(1, np.float32)) for b in (7, 7, 9, 8)]),
)
TRUTH = np.array([1, 0, 0, 1])


def test_the_first_pass_is_judged_on_the_rows_it_is_sure_of_worked_by_hand() -> None:
    section = early_section(told(0.9), ASKED, TRUTH)
    assert (section["share"].value, section["share"].n) == (0.75, 4)
    assert section["right"].value == pytest.approx(2 / 3)
    assert section["right"].n == 3
    assert section["same"].value == 1.0


def test_halves_judge_the_first_pass_instead_of_the_head() -> None:
    mine = np.array([True, False, True, False])
    halves = [(told(0.9), mine), (told(2.0), ~mine)]
    section = early_section(told(0.9), ASKED, TRUTH, halves)
    assert section["share"].value == 0.5
    assert section["right"].value == 1.0


def test_a_head_that_is_never_sure_reads_no_row_first() -> None:
    section = early_section(told(2.0), ASKED, TRUTH)
    assert section["share"].value == 0.0
    assert "right" not in section


def test_words_alone_are_judged_on_all_rows_worked_by_hand() -> None:
    section = early_section(told(2.0), ASKED, TRUTH)  # bucket 8 says nothing: one half is no yes
    assert (section["never_encoded_right"].value, section["never_encoded_right"].n) == (0.5, 4)


def test_a_head_without_words_has_no_first_pass() -> None:
    assert early_section(replace(told(0.9), words=None, early=None), ASKED, TRUTH) == {}
