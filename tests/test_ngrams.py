"""N-grams: the buckets of a text, texts chosen among many, and what their table rows add up to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.ngrams import BUCKETS, Grams, buckets_of, rarity, summed

IDS = st.lists(st.integers(0, 30_521), max_size=30)


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
    each = [buckets_of(row) for row in rows]
    places = st.integers(0, len(rows) - 1)
    chosen = np.array(data.draw(st.lists(places, max_size=8)), dtype=np.int64)
    found = Grams.of(each)[chosen]
    assert len(found) == len(chosen)
    for row, place in enumerate(chosen.tolist()):
        assert found[row : row + 1].buckets.tolist() == each[place].tolist()


@given(st.lists(IDS, min_size=1, max_size=6))
def test_sums_are_those_of_a_matrix_product(rows: list[list[int]]) -> None:
    table = np.random.default_rng(1).normal(size=(BUCKETS, 3)).astype(np.float32)
    grams = Grams.of([buckets_of(row) for row in rows])
    dense = np.zeros((len(rows), BUCKETS))
    for row, ids in enumerate(rows):
        found = buckets_of(ids)
        dense[row, found] = len(found) ** -0.5 if len(found) else 0.0
    assert summed(grams, table) == pytest.approx(dense @ table, abs=1e-4)


def test_rarity_worked_by_hand() -> None:
    grams = Grams.of([np.array([1, 2], np.int32), np.array([2], np.int32)])
    found = rarity(grams)
    assert found[[1, 2, 3]] == pytest.approx([np.log(3 / 2) + 1, 1.0, np.log(3) + 1])
