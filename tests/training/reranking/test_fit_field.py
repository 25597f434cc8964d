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
from router.triage.matching.gate import GATE, Gate
from router.triage.reranking.cross_encoder import CrossEncoder, Rows
from router.triage.triage_model import TriageModel
from router.types import Traffic

NOTHING = fit_field.CompanyRows([], [], [])


@pytest.fixture
def bare() -> TriageModel:
    return TriageModel.load(grave_reader=False, reranked=False)


def constant(rows: Rows) -> np.ndarray:
    return np.full((len(rows), 1), 3.0, np.float32)


def test_a_company_is_asked_in_frames(bare: TriageModel) -> None:
    cross = CrossEncoder(constant, bare.encoder.tokenise)
    framing = Framing(fillers().fitting, bare.encoder.tokenise)
    judge = next(one for one in companies() if one.name == JUDGING[0])
    rows = fit_field.in_frames(bare, cross, judge, framing)
    assert 0.95 * len(judge.messages) <= len(rows) <= len(judge.messages)
    plain = fit.ranked(bare, cross, judge)
    assert sum(row.first for row in rows) < sum(row.first for row in plain)


@pytest.fixture
def gated(bare: TriageModel) -> TriageModel:
    gate = Gate(np.eye(len(GATE))[1], -9.0)  # from a first chance of .0001 on
    bare.matching = bare.matching._replace(gates={Traffic.SUPPORT: gate})
    return bare


def rows_of(model: TriageModel, outside: dict[str, list[str]]) -> fit_field.CompanyRows:
    cross = CrossEncoder(constant, model.encoder.tokenise)
    framing = Framing(fillers().fitting, model.encoder.tokenise)
    some = [one for one in companies() if one.name in JUDGING[:2]]
    return fit_field.rows_of(model, cross, some, framing, outside)


def test_others_weigh_the_share_that_is_asked_for(gated: TriageModel) -> None:
    rows = rows_of(gated, {"one": ["write a poem", "add 3 and 4"], "two": ["name a river"]})
    ours = sum(row.weight for row in rows.alone)
    assert sum(row.weight for row in rows.outside) == pytest.approx(ours)
    mixed = rows.mixed(0.65)
    assert sum(row.weight for row in mixed[len(rows.alone) :]) / sum(
        row.weight for row in mixed
    ) == pytest.approx(0.65)


def test_mixed_traffic_is_read_where_its_own_gate_lets_pass(gated: TriageModel) -> None:
    rows = rows_of(gated, {"one": ["write a poem"]})
    fewer = rows.read_from(-2.0, 4)
    read = [sum(len(row.odds) > 0 for row in some.alone) for some in (rows, fewer)]
    assert read[0] > 1.2 * read[1] > 0
    assert len(fewer.alone) == len(rows.alone)


def test_fewer_others_make_chances_higher(gated: TriageModel) -> None:
    rows = rows_of(gated, {"one": ["where can I park near you", "do you have a branch in Bonn"]})
    gate = gated.matching.gates[Traffic.SUPPORT]
    mixed, support = (
        fit_field.traffic_fit(gate, traffic, rows, NOTHING, rows)
        for traffic in (Traffic.MIXED, Traffic.SUPPORT)
    )
    said = [
        np.mean(
            [fit.Fitted(told.weights, told.gate.field).chances(row).max() for row in rows.alone]
        )
        for told, _ in (mixed, support)
    ]
    assert said[1] > said[0] + 0.02


def test_figures_of_framed_messages_stand_apart(gated: TriageModel) -> None:
    rows = rows_of(gated, {"one": ["write a poem"]})
    gate = gated.matching.gates[Traffic.SUPPORT]
    _, figures = fit_field.traffic_fit(gate, Traffic.MIXED, rows, NOTHING, rows)
    plain, framed = figures["judging"], figures["judging_framed"]
    assert isinstance(plain, dict)
    assert isinstance(framed, dict)
    assert plain["messages"] == len(rows.alone)
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
