"""The encoder's float form for a GPU, which a processor runs as well: same graph, same vectors."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from router.errors import ModelFileError
from router.triage.devices.float_graph import floats
from router.triage.encoder import Encoder, cut
from router.triage.triage_model import DEFAULT_FOLDER, ENCODER, TOKENIZER, WORDS
from tests import ROOT

onnx = pytest.importorskip("onnx")

SHIPPED = (DEFAULT_FOLDER / ENCODER).read_bytes()
PROMPTS = (ROOT / "policies" / "demo" / "prompts.jsonl").read_text("utf-8").splitlines()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("float") / ENCODER
    file.write_bytes(floats(SHIPPED))
    return file


def test_no_integer_product_is_left(made: Path) -> None:
    kinds = Counter(node.op_type for node in onnx.load(made).graph.node)
    before = Counter(node.op_type for node in onnx.load_from_string(SHIPPED).graph.node)
    assert kinds["MatMulInteger"] == kinds["DynamicQuantizeLinear"] == kinds["QAttention"] == 0
    inside = 3 * before["QAttention"]  # what makes query, key and value, and two between them
    assert kinds["MatMul"] == before["MatMul"] + before["MatMulInteger"] + inside


def test_vectors_move_less_than_by_reading_texts_together(made: Path) -> None:
    """INT8 activations are scaled over a whole run, so rows of one run move vectors too."""
    texts = [json.loads(line)["prompt"] for line in PROMPTS[:200]]
    shipped = Encoder(DEFAULT_FOLDER / ENCODER, DEFAULT_FOLDER / TOKENIZER, DEFAULT_FOLDER / WORDS)
    plain = Encoder(made, DEFAULT_FOLDER / TOKENIZER, DEFAULT_FOLDER / WORDS)
    alone = np.concatenate([shipped.encode([text]) for text in texts])
    to_floats = (alone * plain.encode(texts)).sum(axis=1)
    together = shipped.encode_ids([cut(shipped.tokenise(text)) for text in texts])
    to_batch = (alone * together).sum(axis=1)
    assert to_floats.min() > 0.999
    assert to_floats.mean() > to_batch.mean()


def test_graph_without_integer_products_stays_as_it_is(made: Path) -> None:
    again = onnx.load_from_string(floats(made.read_bytes()))
    assert [n.op_type for n in again.graph.node] == [n.op_type for n in onnx.load(made).graph.node]


def test_product_of_another_form_is_refused() -> None:
    model = onnx.load_from_string(SHIPPED)
    product = next(node for node in model.graph.node if node.op_type == "MatMulInteger")
    for node in model.graph.node:
        if product.output[0] in node.input:
            node.op_type = "Identity"
    with pytest.raises(ModelFileError, match="not as onnxruntime quantizes it"):
        floats(model.SerializeToString())


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(ModelFileError, match="no ONNX model"):
        floats(b"\xff\xff\xff\xff nothing")
