"""The figures of a search, worked by hand, and the questions that ship."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from router.documents.evaluation import Asked, asked_of, figures_of
from router.errors import DocumentError
from router.types import DocumentPassage
from tests import ROOT
from tests.kits.document_kit import Placed, found, kept

QUESTIONS = ROOT / "policies" / "documents" / "questions.jsonl"


def passage(source: str, text: str = "", page: int = 0) -> DocumentPassage:
    return DocumentPassage("id", text, "", source, "manual", "", page)


def test_figures_are_those_worked_by_hand() -> None:
    asked = [Asked("a", "x.md"), Asked("b", "x.pdf", 2), Asked("c", "x.md", holds="five  days")]
    results = [
        [passage("x.md")],
        [passage("x.pdf", page=1), passage("x.pdf", page=2)],
        [passage("x.md", "six days")],
    ]
    figures = figures_of(asked, results, 5)
    assert figures["recall@1"] == pytest.approx(1 / 3)
    assert figures["recall@5"] == pytest.approx(2 / 3)
    assert figures["mrr"] == pytest.approx(0.5)
    assert figures["ndcg@5"] == pytest.approx((1 + 1 / math.log2(3)) / 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no question"),
        ("{", "line 1: found no JSON"),
        ('\n{"question": "a"}', "line 2: found"),
        ('{"question": "a", "source": "b", "page": "c"}', "a page as a number"),
    ],
)
def test_line_that_is_no_question_is_named(text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        asked_of(text)


def test_shipped_questions_are_found_by_words_alone(tmp_path: Path) -> None:
    store = tmp_path / "documents.db"
    kept(store, QUESTIONS.parent / "shop", Placed("*", "manual"))
    asked = asked_of(QUESTIONS.read_text("utf-8"))
    figures = figures_of(asked, [found(store, one.question) for one in asked], 5)
    assert figures["recall@5"] >= 0.9
