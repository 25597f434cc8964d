"""The fit of the gate: it lets customers in and strangers out, and reads the sets that it names."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from router.errors import TrainingDataError
from router.training.data.companies import FITTING, JUDGING, companies
from router.training.reranking import fit_gate
from router.training.reranking.framing import Framing, fillers
from router.triage.matching.gate import MOST_CHARACTERS
from router.triage.triage_model import TriageModel
from router.types import Traffic


@pytest.fixture
def bare() -> TriageModel:
    return TriageModel.load(grave_reader=False, reranked=False)


def test_it_lets_customers_in_and_strangers_out(bare: TriageModel) -> None:
    by_name = {one.name: one for one in companies()}
    away = sorted(by_name.keys() - {*FITTING, *JUDGING})
    strange = fit_gate.outsiders([by_name[name] for name in away], random.Random(3))
    gates = fit_gate.fit_gates(bare, [by_name[name] for name in FITTING[:2]], strange[:200])
    bare.matching = bare.matching._replace(gates=gates)
    judge = by_name[JUDGING[0]]
    customers = [one.text for one in judge.messages if one.answer_id]
    # 69 in 100 and 13 of 200.
    assert fit_gate.share_read(bare, [judge], customers, Traffic.MIXED) > 0.6
    assert fit_gate.share_read(bare, [judge], strange[200:400], Traffic.MIXED) < 0.1
    assert fit_gate.share_read(bare, [judge], customers, Traffic.SUPPORT) > 0.9


def test_one_that_saw_frames_reads_more_messages_in_frames(bare: TriageModel) -> None:
    by_name, parts = {one.name: one for one in companies()}, fillers()
    away = sorted(by_name.keys() - {*FITTING, *JUDGING})
    strange = fit_gate.outsiders([by_name[name] for name in away], random.Random(3))[:200]
    fitting, judging = (
        Framing(some, bare.encoder.tokenise) for some in (parts.fitting, parts.judging)
    )
    judge, plain = by_name[JUDGING[0]], [by_name[name] for name in FITTING[:2]]
    texts = [
        one.text for one in judging.of_company(judge, random.Random(5)).messages if one.answer_id
    ]
    shares = []
    for some in (plain, [fitting.beside(one, random.Random(4)) for one in plain]):
        bare.matching = bare.matching._replace(gates=fit_gate.fit_gates(bare, some, strange))
        shares.append(fit_gate.share_read(bare, [judge], texts, Traffic.MIXED))
    assert shares[1] > shares[0] + 0.04


def written(folder: Path, name: str, texts: list[str]) -> None:
    rows = [json.dumps({"text": text, "source": "vicuna"}) for text in texts]
    (folder / f"{name}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")


def test_strangers_are_the_short_texts_of_the_sets_named(tmp_path: Path) -> None:
    written(tmp_path, "prompts_general", ["b", "a", "a", "x" * (MOST_CHARACTERS + 1)])
    some = fit_gate.strangers(tmp_path, ["prompts_general"], random.Random(1))
    assert sorted(some) == ["a", "b"]
    assert fit_gate.strangers(tmp_path, ["spam_sms"], random.Random(1)) == []


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="none of the"):
        fit_gate.strangers(tmp_path, ["prompts_general"], random.Random(1))
