"""The shipped encoder read back into torch, tuned for a few steps, and exported again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch

from router.errors import ModelFileError, TrainingDataError
from router.training.embeddings.networks import embedded, open_network, student_of
from router.training.embeddings.texts import split
from router.training.embeddings.train import Settings, info_nce, tune_encoder
from router.triage.encoder import Encoder
from router.triage.triage_model import DEFAULT_FOLDER, ENCODER, TOKENIZER
from router.types import Device

pytestmark = pytest.mark.train

TEXTS = ("how heavy is the harp", "may I rent a tent for a day", "paint for a wooden chair, please")
ROWS = [
    {"text": f"{verb} the {noun} {n}", "label": verb}
    for verb in ("rent", "paint", "weigh")
    for noun in ("harp", "tent", "chair")
    for n in range(6)
]
SETTINGS = Settings(steps=6, batch=6, negatives=2, mine_every=3, threads=1)


def quiet(_: str) -> None:
    """Says nothing."""


def test_the_shipped_encoder_in_torch_is_the_served_one() -> None:
    ours = embedded(open_network("shipped", DEFAULT_FOLDER, "cpu"), TEXTS)
    served = Encoder(DEFAULT_FOLDER / ENCODER, DEFAULT_FOLDER / TOKENIZER).encode(TEXTS)
    # The served one rounds activations to eight bits.
    assert float((ours * served).sum(axis=1).min()) > 0.995


def test_the_contrast_by_hand() -> None:
    asked = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    found = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    same = torch.tensor([[True, False, True], [False, True, False]])
    # Row one: 1 against 0, the third has its label. Row two: 1 against 0 and 0.
    wanted = (
        torch.log1p(torch.exp(torch.tensor(-1.0)))
        + torch.log(1 + 2 * torch.exp(torch.tensor(-1.0)))
    ) / 2
    assert info_nce(asked, found, same, 1.0).item() == pytest.approx(wanted.item(), abs=1e-6)


def test_a_short_training_makes_an_encoder_that_the_gateway_reads(tmp_path: Path) -> None:
    sets = split(ROWS, "text", "label", "0", "rows")
    settings = Settings(**{**vars_of(SETTINGS), "tsdae_steps": 2})
    card = tune_encoder(sets, tmp_path, "shipped", DEFAULT_FOLDER, settings, Device.CPU, quiet)
    made = Encoder(tmp_path / ENCODER, tmp_path / TOKENIZER).encode(TEXTS)
    assert made.shape == (3, 192)
    figures = card["figures"]
    assert isinstance(figures, dict)
    assert set(figures) == {"shipped", "tuned", "change"}
    assert json.loads((tmp_path / "card.json").read_text("utf-8"))["tsdae"]["steps"] == 2


def test_staying_near_keeps_the_vectors(tmp_path: Path) -> None:
    sets = split(ROWS, "text", "label", "0", "rows")
    before = embedded(open_network("shipped", DEFAULT_FOLDER, "cpu"), TEXTS)
    settings = Settings(**{**vars_of(SETTINGS), "keep": 50.0})
    tune_encoder(sets, tmp_path, "shipped", DEFAULT_FOLDER, settings, Device.CPU, quiet)
    after = Encoder(tmp_path / ENCODER, tmp_path / TOKENIZER).encode(TEXTS)
    assert float((before * after).sum(axis=1).min()) > 0.9


def test_a_base_of_sentence_transformers_is_tuned_and_exported(tmp_path: Path) -> None:
    base = sentence_base(tmp_path / "base")
    sets = split(ROWS, "text", "label", "0", "rows")
    said: list[str] = []
    tune_encoder(
        sets, tmp_path / "out", str(base), DEFAULT_FOLDER, SETTINGS, Device.CPU, said.append
    )
    assert (tmp_path / "out" / "sentence_transformer" / "modules.json").is_file()
    assert any("ONNX" in line or "onnx" in line for line in said)


def test_another_base_has_no_tsdae_here(tmp_path: Path) -> None:
    base = sentence_base(tmp_path / "base")
    sets = split(ROWS, "text", "label", "0", "rows")
    with pytest.raises(TrainingDataError, match="shipped encoder's form only"):
        tune_encoder(
            sets,
            tmp_path / "out",
            str(base),
            DEFAULT_FOLDER,
            Settings(tsdae_steps=1, steps=1),
            Device.CPU,
            quiet,
        )


def test_an_encoder_of_another_form_is_named(tmp_path: Path) -> None:
    import onnx

    graph = onnx.helper.make_graph([], "empty", [], [])
    onnx.save(onnx.helper.make_model(graph), str(tmp_path / "other.onnx"))
    with pytest.raises(ModelFileError, match="no INT8 encoder"):
        student_of(tmp_path / "other.onnx")


def vars_of(settings: Settings) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(settings)


def sentence_base(folder: Path) -> Path:
    """Writes a tiny BERT that sentence-transformers opens."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = sorted({word for row in ROWS for word in str(row["text"]).split()})
    folder.mkdir()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(str(folder))
    BertModel(
        BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            max_position_embeddings=32,
        )
    ).save_pretrained(str(folder))
    whole = folder / "whole"
    inner = Transformer(str(folder))
    SentenceTransformer(modules=[inner, Pooling(16)]).save_pretrained(str(whole))
    return whole
