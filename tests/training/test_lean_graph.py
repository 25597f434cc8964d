"""A leaner graph gives the vectors of the one that it was made of, and takes its place by proof."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from router.errors import ModelFileError, TrainingDataError
from router.training.encoder.lean_graph import lean
from router.training.encoder.lean_model import LARGEST, make_leaner, texts_of
from router.triage.devices.float_graph import floats
from router.triage.encoder import Encoder, Tokeniser, sha256_of
from router.triage.triage_model import (
    DEFAULT_FOLDER,
    ENCODER,
    MANIFEST,
    TOKENIZER,
    VECTORS_OF,
    check,
    encoder_sha256,
    write_manifest,
)
from tests import ROOT

onnx = pytest.importorskip("onnx")

EXPORTED = Path(__file__).parent / "one_layer.onnx"
"""A student of one layer and 400 word pieces, as torch exports and onnxruntime quantises it."""
TEXTS = [f"was it there when the first one came, in {number}" for number in range(1_000)]


@pytest.fixture(scope="module")
def tokenise() -> Tokeniser:
    return Tokeniser(DEFAULT_FOLDER / TOKENIZER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder of an encoder, a card that names it, and something bound to it."""
    made = tmp_path / "model"
    made.mkdir()
    shutil.copyfile(EXPORTED, made / ENCODER)
    shutil.copyfile(DEFAULT_FOLDER / TOKENIZER, made / TOKENIZER)
    (made / "match.json").write_text(json.dumps({"encoder_sha256": sha256_of(EXPORTED)}))
    (made / "card.json").write_text(json.dumps({"artefacts": {ENCODER: sha256_of(EXPORTED)}}))
    write_manifest(made)
    return made


def encoder(path: Path, model: bytes, tokenise: Tokeniser) -> Encoder:
    path.write_bytes(model)
    return Encoder(path, tokenise)


def row(tokens: int) -> list[int]:
    return [101, *(1_996 + place * place % 400 for place in range(tokens - 2)), 102]


def manifest(folder: Path) -> dict[str, object]:
    described: dict[str, object] = json.loads((folder / MANIFEST).read_text())
    return described


def test_an_attention_is_one_node_in_the_lean_graph() -> None:
    kinds = Counter(
        n.op_type for n in onnx.load_from_string(lean(EXPORTED.read_bytes())).graph.node
    )
    assert kinds["QAttention"] == 1
    assert kinds["Softmax"] == kinds["Concat"] == kinds["Reshape"] == kinds["Transpose"] == 0
    assert kinds["Shape"] == 1


def test_a_lean_graph_is_no_leaner_a_second_time() -> None:
    once = lean(EXPORTED.read_bytes())
    assert lean(once) is once


@pytest.mark.parametrize("form", [bytes, floats])
def test_vectors_stay_as_they_are(form: type[bytes], tmp_path: Path, tokenise: Tokeniser) -> None:
    """In bytes, and in the floats that a GPU runs."""
    old = encoder(tmp_path / "old.onnx", form(EXPORTED.read_bytes()), tokenise)
    new = encoder(tmp_path / "new.onnx", form(lean(EXPORTED.read_bytes())), tokenise)
    runs = [[row(tokens)] for tokens in range(3, 129)] + [[row(60), row(9), row(33), row(3)]]
    for run in runs:
        assert np.abs(old.encode_ids(run) - new.encode_ids(run)).max() <= LARGEST


def test_an_attention_of_another_form_stays_in_its_nodes() -> None:
    model = onnx.load_from_string(EXPORTED.read_bytes())
    for node in model.graph.node:
        if node.op_type == "MatMulInteger" and "qkv" in node.name:
            node.op_type = "Other"
    kinds = Counter(
        n.op_type for n in onnx.load_from_string(lean(model.SerializeToString())).graph.node
    )
    assert (kinds["QAttention"], kinds["Softmax"]) == (0, 1)


def test_floats_refuse_an_attention_of_another_form() -> None:
    model = onnx.load_from_string(lean(EXPORTED.read_bytes()))
    attention = next(node for node in model.graph.node if node.op_type == "QAttention")
    attention.input[1] = "nowhere"
    with pytest.raises(ModelFileError, match="not as training writes it"):
        floats(model.SerializeToString())


def test_what_is_bound_to_an_encoder_stays_bound(folder: Path) -> None:
    bound = (folder / "match.json").read_text()
    proof = make_leaner(folder / ENCODER, TEXTS)
    assert proof.largest <= LARGEST
    assert proof.runs > 2 * len(TEXTS)
    assert sha256_of(folder / ENCODER) != sha256_of(EXPORTED)
    assert (folder / "match.json").read_text() == bound
    assert encoder_sha256(folder) == manifest(folder)[VECTORS_OF] == sha256_of(EXPORTED)
    assert check(folder)
    card = json.loads((folder / "card.json").read_text())
    assert card["artefacts"] == {ENCODER: sha256_of(folder / ENCODER)}


def test_the_manifest_names_the_old_encoder_until_there_is_another(folder: Path) -> None:
    make_leaner(folder / ENCODER, TEXTS)
    (folder / "match.json").write_text("{}")
    write_manifest(folder)
    assert manifest(folder)[VECTORS_OF] == sha256_of(EXPORTED)
    shutil.copyfile(EXPORTED, folder / ENCODER)
    write_manifest(folder)
    assert VECTORS_OF not in manifest(folder)
    assert encoder_sha256(folder) == sha256_of(EXPORTED)


def test_a_network_is_named_anew_by_its_description(tmp_path: Path) -> None:
    network, described, card = (
        tmp_path / f"close{end}" for end in (".onnx", ".json", ".card.json")
    )
    shutil.copyfile(EXPORTED, network)
    described.write_text(json.dumps({"onnx_sha256": sha256_of(network), "encoder_sha256": "aa"}))
    card.write_text(json.dumps({"sha256": {p.name: sha256_of(p) for p in (network, described)}}))
    make_leaner(network, TEXTS)
    named = {"onnx_sha256": sha256_of(network), "encoder_sha256": "aa"}
    assert json.loads(described.read_text()) == named
    digests = {p.name: sha256_of(p) for p in (network, described)}
    assert json.loads(card.read_text())["sha256"] == digests


def test_a_graph_that_says_something_else_when_lean_is_refused(folder: Path) -> None:
    """This one barely hides padding, as no network of ours does."""
    model = onnx.load(folder / ENCODER)
    for node in model.graph.node:
        if node.op_type == "Constant":
            value = onnx.numpy_helper.to_array(node.attribute[0].t)
            if value.size == 1 and value == -10_000:
                changed = onnx.numpy_helper.from_array(np.full_like(value, -1.0))
                node.attribute[0].t.CopyFrom(changed)
    onnx.save(model, folder / ENCODER)
    before = (folder / ENCODER).read_bytes()
    with pytest.raises(ModelFileError, match="Nothing was changed"):
        make_leaner(folder / ENCODER, TEXTS)
    assert (folder / ENCODER).read_bytes() == before


def test_a_lean_network_is_refused(folder: Path) -> None:
    make_leaner(folder / ENCODER, TEXTS)
    with pytest.raises(ModelFileError, match="lean already"):
        make_leaner(folder / ENCODER, TEXTS)


def test_few_texts_prove_nothing(folder: Path) -> None:
    with pytest.raises(TrainingDataError, match="999 texts; expected at least 1,000"):
        make_leaner(folder / ENCODER, TEXTS[:999])


def test_texts_of_a_file_are_those_of_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "one"}\n{"prompt": "two"}\n{"kind": "three"}\n')
    assert texts_of(path) == ["one", "two"]
    path.write_text("no JSON\n")
    with pytest.raises(TrainingDataError, match="one JSON object a line"):
        texts_of(path)


def test_the_command_tells_what_it_found_or_lacks(folder: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    command = [sys.executable, "-m", "router.training.encoder.lean_model", str(folder / ENCODER)]
    ran = [
        subprocess.run([*command, "--texts", str(texts)], cwd=ROOT, capture_output=True, text=True)
        for _ in range(2)
    ]
    assert [one.returncode for one in ran] == [0, 1]
    assert "0 differ" in ran[0].stdout
    assert "lean already" in ran[1].stderr
