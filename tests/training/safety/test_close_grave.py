"""What the close reader learns of grave matters: its rows, its judges, and its weights."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np

from router.training.data.authors.grave_texts import JUDGES, SECTIONS, GraveText, held_out, texts
from router.training.safety import close_grave
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel


def row(text: str, section: str, author: str = "", number: int = 0) -> GraveText:
    return GraveText(text, section, "en", f"{author}/en/{number}" if author else f"x/{text}")


def test_authors_who_judge_are_learnt_by_no_reader() -> None:
    assert not {one.author for one in texts(7, 4)} & set(JUDGES)


def test_each_judge_wrote_grave_lines_as_well_as_harmless_ones() -> None:
    for author in JUDGES:
        sides = Counter(one.grave for one in held_out(author) if one.language == "en")
        assert min(sides[True], sides[False]) > 50, author


def test_judges_teach_nothing() -> None:
    rows = [
        row("a", "medical", "fifth"),
        row("b", "medical", JUDGES[0]),
        row("c", "none", JUDGES[1]),
    ]
    assert close_grave.judges(rows).tolist() == [False, True, True]


def test_a_quarter_of_other_peoples_texts_judge() -> None:
    rows = [row(f"line {n}", "none") for n in range(400)]
    assert 0.15 < close_grave.judges(rows).mean() < 0.35


def test_a_line_that_its_author_did_not_sort_has_no_section() -> None:
    rows = [row("a", "grave", JUDGES[1]), row("b", "fraud", "fifth")]
    assert close_grave.sections_of(rows).tolist() == [-1, SECTIONS.index("fraud")]


def test_a_wrapped_line_stands_between_harmless_sentences() -> None:
    chatter = ["nice weather", "where is my order"]
    for seed in range(20):
        found = close_grave.wrapped(row("help me", "medical", "a"), chatter, random.Random(seed))
        parts = found.text.split(". ")
        assert len(parts) > 1
        assert "help me" in found.text
        assert found.section == "medical"


def test_readings_are_weighed_on_lines_of_the_judges() -> None:
    model = TriageModel.load(DEFAULT_FOLDER)
    rows = [row(f"my chest hurts a lot {n}", "grave", JUDGES[1], n) for n in range(40)]
    rows += [row(f"my chest of drawers {n}", "none", JUDGES[1], n) for n in range(40)]
    rows += [row(f"where is order {n}", "none") for n in range(40)]
    logits = np.zeros((len(rows), len(SECTIONS)))
    logits[:40, 0] = 6.0  # the encoder tells them apart
    logits[40:, -1] = 6.0
    directions = np.zeros((8, len(SECTIONS)), np.float32), np.zeros(len(SECTIONS), np.float32)
    found = close_grave.weighed(model, rows, logits, directions)
    assert found.reader.by_encoder > 0.3
    figures = found.figures[f"{JUDGES[1]}_closely"]
    assert isinstance(figures, dict)
    assert figures["auroc"] == 1.0
