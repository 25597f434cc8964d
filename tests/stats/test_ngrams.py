"""N-grams: the buckets of a text, texts chosen among many, and what their table rows add up to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.stats.char_grams import counted_chars, counted_chars_together
from router.stats.ngrams import (
    BUCKETS,
    NOTHING,
    Grams,
    counted,
    counted_together,
    rarity,
    summed,
)

IDS = st.lists(st.integers(0, 30_521), max_size=30)


def buckets_of(ids: list[int]) -> np.ndarray:
    return counted(ids)[0]


def test_a_text_has_a_bucket_per_piece_and_per_pair_of_neighbours() -> None:
    alone = set(buckets_of([2054])) | set(buckets_of([2003]))
    assert len(buckets_of([2054, 2003])) == 3
    assert alone < set(buckets_of([2054, 2003]))


def test_the_order_of_words_counts() -> None:
    assert set(buckets_of([2054, 2003])) != set(buckets_of([2003, 2054]))


def test_a_text_without_pieces_has_no_buckets() -> None:
    assert len(buckets_of([])) == 0


@given(IDS)
def test_buckets_rise_within_their_bounds(ids: list[int]) -> None:
    found = buckets_of(ids)
    assert (np.diff(found) > 0).all()
    assert not len(found) or (found[0] >= 0 and found[-1] < BUCKETS)


@given(st.lists(IDS, min_size=1, max_size=8), st.data())
def test_chosen_texts_are_those_of_the_list(rows: list[list[int]], data: st.DataObject) -> None:
    each = [counted(row) for row in rows]
    places = st.integers(0, len(rows) - 1)
    chosen = np.array(data.draw(st.lists(places, max_size=8)), dtype=np.int64)
    found = Grams.of(each)[chosen]
    assert len(found) == len(chosen)
    for row, place in enumerate(chosen.tolist()):
        assert found[row : row + 1].weights.tolist() == each[place][1].tolist()
        assert found[row : row + 1].buckets.tolist() == each[place][0].tolist()


@given(st.lists(IDS, min_size=1, max_size=6))
def test_sums_are_those_of_a_matrix_product(rows: list[list[int]]) -> None:
    table = np.random.default_rng(1).normal(size=(BUCKETS, 3)).astype(np.float32)
    grams = Grams.of([counted(row) for row in rows])
    dense = np.zeros((len(rows), BUCKETS))
    for row, ids in enumerate(rows):
        found, weights = counted(ids)
        dense[row, found] = weights
    assert summed(grams, table) == pytest.approx(dense @ table, abs=1e-4)


def test_rarity_worked_by_hand() -> None:
    grams = Grams.of([(np.array(b, np.int32), np.ones(len(b), np.float32)) for b in ([1, 2], [2])])
    found = rarity(grams)
    assert found[[1, 2, 3]] == pytest.approx([np.log(3 / 2) + 1, 1.0, np.log(3) + 1])


def test_a_word_said_twice_counts_by_the_root_worked_by_hand() -> None:
    """Pieces 5, 5: twice the piece and once the pair, so shares of 2/3 and 1/3."""
    buckets, weights = counted([5, 5])
    twice = buckets == buckets_of([5])[0]
    assert weights[twice] == pytest.approx([np.sqrt(2 / 3)])
    assert weights[~twice] == pytest.approx([np.sqrt(1 / 3)])


@given(IDS)
def test_squares_of_weights_sum_to_one(ids: list[int]) -> None:
    assert (counted(ids)[1] ** 2).sum() == pytest.approx(1.0 if ids else 0.0)


def test_texts_are_given_back_one_by_one() -> None:
    rows = [counted([5, 6]), NOTHING, counted([7])]
    again = Grams.of(rows).each()
    assert [one[0].tolist() for one in again] == [one[0].tolist() for one in rows]


@given(st.lists(st.lists(st.integers(0, 30_521), max_size=12), max_size=6))
def test_texts_counted_together_are_as_those_counted_one_by_one(rows: list[list[int]]) -> None:
    together, alone = counted_together(rows), Grams.of([counted(row) for row in rows])
    for name in Grams.__slots__:
        assert np.array_equal(getattr(together, name), getattr(alone, name))
        assert getattr(together, name).dtype == getattr(alone, name).dtype


@given(st.lists(st.lists(st.text(max_size=8), max_size=9), min_size=1, max_size=5))
def test_characters_counted_together_are_as_those_counted_one_by_one(
    texts: list[list[str]],
) -> None:
    together = counted_chars_together(texts).each()
    for words, (buckets, weights) in zip(texts, together, strict=True):
        alone = counted_chars(words)
        assert np.array_equal(buckets, alone[0])
        assert np.array_equal(weights, alone[1])
