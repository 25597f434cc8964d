"""The fit beside other work: which rows it sees, in frames and without, and what is judged."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from router.training.data.companies import JUDGING, companies
from router.training.reranking import fit, fit_field
from router.training.reranking.framing import Framing, fillers
from router.triage.matching.gate import FIELD
from router.triage.reranking.cross_encoder import CrossEncoder, Rows
from router.triage.reranking.reranker import Weights
from router.triage.triage_model import TriageModel


@pytest.fixture
def bare() -> TriageModel:
    return TriageModel.load(grave_reader=False, reranked=False)


def constant(rows: Rows) -> np.ndarray:
    return np.full((len(rows), 1), 3.0, np.float32)


def test_a_company_is_asked_in_frames_at_the_weight_given(bare: TriageModel) -> None:
    cross = CrossEncoder(constant, bare.encoder.tokenise)
    framing = Framing(fillers().fitting, bare.encoder.tokenise)
    judge = next(one for one in companies() if one.name == JUDGING[0])
    rows = fit_field.in_frames(bare, cross, judge, framing, 0.5)
    assert 0.95 * len(judge.messages) <= len(rows) <= len(judge.messages)
    assert {row.weight for row in rows} == {0.5}
    plain = fit.ranked(bare, cross, judge)
    assert sum(row.first for row in rows) < sum(row.first for row in plain)


def test_figures_of_framed_messages_stand_apart(bare: TriageModel) -> None:
    cross = CrossEncoder(constant, bare.encoder.tokenise)
    judge = next(one for one in companies() if one.name == JUDGING[0])
    found = fit.Fitted(Weights(1.0, 0.5, 0.0), np.zeros(len(FIELD)))
    figures = fit_field.judged(bare, cross, found, [judge], {"one": ["write a poem"]})
    assert list(figures) == ["judging", "judging_framed", "judging_outside"]
    plain, framed = figures["judging"], figures["judging_framed"]
    assert isinstance(plain, dict)
    assert isinstance(framed, dict)
    assert plain["messages"] == len(judge.messages)
    assert framed["likeliest_right_before"] < plain["likeliest_right_before"]


def test_some_of_what_others_write_is_framed_for_the_fit(bare: TriageModel, tmp_path: Path) -> None:
    row = json.dumps({"text": "write a poem on rain", "source": "vicuna"})
    (tmp_path / "prompts_general.jsonl").write_text(row + "\n", encoding="utf-8")
    ours = companies()[:3]
    framing = Framing(fillers().fitting, bare.encoder.tokenise)
    found = fit_field.outside_of(tmp_path, ours, framing, random.Random(1))
    plain = {one.text for company in ours for one in company.messages}
    framed = [text for text in found["outsiders"] if text not in plain]
    assert 0.1 < len(framed) / len(found["outsiders"]) < 0.6
