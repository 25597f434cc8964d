"""Other types and fewer layers of a GGUF file, on one that the test writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("gguf")

import gguf

from router.errors import TrainingDataError
from router.training.tuning.variants import distilled_form, write_form

pytestmark = pytest.mark.train


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three layers of one matrix each, in four bits."""
    path = tmp_path / "source.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(3)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["a", "b"])
    rng = np.random.default_rng(1)
    four = gguf.GGMLQuantizationType.Q4_1
    for name in ("token_embd", "blk.0.attn_q", "blk.1.attn_q", "blk.2.attn_q"):
        data = gguf.quants.quantize(rng.normal(size=(4, 64)).astype(np.float32), four)
        writer.add_tensor(f"{name}.weight", data, raw_dtype=four)
    writer.add_tensor("blk.2.attn_norm.weight", np.ones(64, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def tensors(path: Path) -> dict[str, np.ndarray]:
    return {
        one.name: gguf.quants.dequantize(one.data, one.tensor_type)
        for one in gguf.GGUFReader(path).tensors
    }


def test_a_form_as_it_is_has_the_same_weights(source: Path, tmp_path: Path) -> None:
    assert write_form(source, tmp_path / "same.gguf") == 3
    before, after = tensors(source), tensors(tmp_path / "same.gguf")
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    fields = gguf.GGUFReader(tmp_path / "same.gguf").fields
    assert fields["tokenizer.ggml.tokens"].contents() == ["a", "b"]


def test_layers_that_stay_move_up(source: Path, tmp_path: Path) -> None:
    assert write_form(source, tmp_path / "small.gguf", left_out=[1]) == 2
    before, after = tensors(source), tensors(tmp_path / "small.gguf")
    assert np.array_equal(after["blk.1.attn_q.weight"], before["blk.2.attn_q.weight"])
    assert "blk.2.attn_q.weight" not in after
    fields = gguf.GGUFReader(tmp_path / "small.gguf").fields
    assert fields["llama.block_count"].contents() == 2


def test_eight_bits_hold_the_four_bits_closely(source: Path, tmp_path: Path) -> None:
    write_form(source, tmp_path / "eight.gguf", matrices="Q8_0", table="Q8_0")
    before, after = tensors(source), tensors(tmp_path / "eight.gguf")
    kinds = {
        one.name: one.tensor_type.name for one in gguf.GGUFReader(tmp_path / "eight.gguf").tensors
    }
    assert kinds["blk.0.attn_q.weight"] == "Q8_0"
    assert kinds["blk.2.attn_norm.weight"] == "F32"
    largest = max(np.abs(before[name] - after[name]).max() for name in before)
    assert largest < 0.05


def test_an_adapter_is_added_to_the_matrix_it_belongs_to(source: Path, tmp_path: Path) -> None:
    a = np.full((2, 64), 0.5, dtype=np.float32)
    b = np.zeros((4, 2), dtype=np.float32)
    b[3] = 1.0
    lora = gguf.GGUFWriter(tmp_path / "lora.gguf", "llama")
    lora.add_float32("adapter.lora.alpha", 4.0)
    lora.add_tensor("blk.1.attn_q.weight.lora_a", a)
    lora.add_tensor("blk.1.attn_q.weight.lora_b", b)
    lora.write_header_to_file()
    lora.write_kv_data_to_file()
    lora.write_tensors_to_file()
    lora.close()
    write_form(source, tmp_path / "merged.gguf", adapter=tmp_path / "lora.gguf")
    before, after = tensors(source), tensors(tmp_path / "merged.gguf")
    # alpha / rank is 2, and each of the two terms of B A is .5: the last row gains 2.
    gained = after["blk.1.attn_q.weight"] - before["blk.1.attn_q.weight"]
    assert np.allclose(gained[3], 2.0, atol=0.2)
    assert np.abs(gained[:3]).max() < 0.2
    assert np.array_equal(before["blk.2.attn_q.weight"], after["blk.2.attn_q.weight"])


def test_a_folder_without_a_distilled_adapter_is_named(source: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="expected the folder of a `train adapter --teach"):
        distilled_form(tmp_path, tmp_path / "out.gguf")
