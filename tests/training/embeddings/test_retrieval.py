"""Figures of retrieval by hand, hard negatives, and the split of texts."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from router.errors import TrainingDataError
from router.evaluation.rows import in_dev
from router.training.embeddings.retrieval import hard_negatives, judged, ndcg
from router.training.embeddings.texts import read_texts, split


def vectors(*angles: float) -> np.ndarray:
    """Returns unit vectors at these angles, in degrees."""
    turned = np.radians(angles)
    return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)


def test_figures_of_retrieval_by_hand() -> None:
    corpus, labels = vectors(0, 20, 90, 110), ["a", "b", "b", "a"]
    # The first query finds a, b, b, a; the second, of label a, finds b, a, b, a.
    found = judged(vectors(1, 92), ["a", "a"], corpus, labels)
    card = found.as_card()
    assert card["recall_at_1"] == 0.5
    assert card["recall_at_5"] == 1.0
    assert card["queries"] == 2
    best = 1 + 1 / math.log2(3)
    first = (1 + 1 / math.log2(5)) / best
    second = (1 / math.log2(3) + 1 / math.log2(5)) / best
    assert card["ndcg_at_10"] == pytest.approx((first + second) / 2, abs=1e-4)


@pytest.mark.parametrize(("count", "parts"), [(9, 1), (10, 3)])
def test_a_change_of_an_encoder_has_an_interval_from_ten_texts_on(count: int, parts: int) -> None:
    corpus, labels = vectors(0, 90), ["a", "b"]
    asked = ["a"] * count
    good, bad = (judged(vectors(*[angle] * count), asked, corpus, labels) for angle in (1.0, 89.0))
    changes = bad.changes(good)
    assert {len(made) for made in changes.values() if made} == {parts}
    made = changes["recall_at_1"]
    assert made is not None
    assert made[0] == 1.0


def test_pairs_of_one_label_that_are_nearer_have_an_auroc_of_one() -> None:
    found = judged(vectors(0, 5, 90), ["a", "a", "b"], vectors(0, 90), ["a", "b"])
    assert found.pairs_auroc == 1.0


def test_a_query_without_a_relevant_text_counts_nothing() -> None:
    assert ndcg(np.array([[False, False]])).tolist() == [0.0]


def test_hard_negatives_are_the_nearest_of_other_labels() -> None:
    hard = hard_negatives(vectors(0, 10, 30, 80), ["a", "a", "b", "b"], 1)
    assert [row.tolist() for row in hard] == [[2], [2], [1], [1]]


def rows(count: int) -> list[dict[str, object]]:
    return [{"text": f"text number {n}", "label": f"l{n % 3}"} for n in range(count)]


def test_no_text_is_on_both_sides() -> None:
    sets = split([*rows(100), *rows(100)], "text", "label", "", "rows")
    assert not set(sets.train.texts) & set(sets.held.texts)
    assert len(sets.train.texts) + len(sets.held.texts) == 100


def test_texts_that_judge_heads_are_held() -> None:
    sets = split(rows(200), "text", "label", "", "rows")
    dev = [row["text"] for row in rows(200) if in_dev(str(row["text"]))]
    assert len(dev) > 10
    assert set(dev) <= set(sets.held.texts)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ([{"text": "a"}], "row 1: expected texts under 'text' and 'label'"),
        ([{"text": f"t{n}", "label": "same"} for n in range(40)], "two labels or more"),
    ],
)
def test_texts_that_cannot_teach_are_refused(given: list[dict[str, object]], fault: str) -> None:
    with pytest.raises(TrainingDataError, match=fault):
        split(given, "text", "label", "", "rows")


def test_a_text_with_a_separator_of_lines_is_one_row(tmp_path: Path) -> None:
    given = [{**row, "text": f"first\u2028{row['text']}"} for row in rows(200)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in given)
    (tmp_path / "rows.jsonl").write_text(lines, encoding="utf-8")
    sets = read_texts(tmp_path / "rows.jsonl")
    assert len(sets.train.texts) + len(sets.held.texts) == 200


def test_a_table_in_place_of_lines_is_told_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\n")
    with pytest.raises(TrainingDataError, match=r"line 1 is no JSON: .* one JSON object a line"):
        read_texts(tmp_path / "rows.csv")
