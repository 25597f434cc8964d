"""Writes a PEFT LoRA as the GGUF file that llama.cpp loads.

llama.cpp rotates interleaved halves of a head; transformers rotates the two halves next to each
other. So llama.cpp's q and k weights have the rows of each head in another order, and the B
matrices of a LoRA on them must have that order too. It knows nothing about training or data.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES = {
    "q_proj": "attn_q",
    "k_proj": "attn_k",
    "v_proj": "attn_v",
    "o_proj": "attn_output",
    "gate_proj": "ffn_gate",
    "up_proj": "ffn_up",
    "down_proj": "ffn_down",
}
ARCHITECTURES = {"llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}
"""Names of llama.cpp by `model_type` of transformers, of bases whose layers are called as above."""
INTERLEAVED = "llama"
"""The architecture whose q and k rows llama.cpp keeps in another order."""


def permute_rows(matrix: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Reorders the rows of each head from transformers to llama.cpp; shape (heads * dim, rank).

    With one head of four rows the halves (0, 1) and (2, 3) are interleaved:

    >>> permute_rows(np.arange(4, dtype=np.float32).reshape(4, 1), 1).ravel().tolist()
    [0.0, 2.0, 1.0, 3.0]
    """
    halves = matrix.reshape(heads, 2, matrix.shape[0] // heads // 2, matrix.shape[1])
    return halves.swapaxes(1, 2).reshape(matrix.shape)


def write_adapter_gguf(
    model: Any,
    out: Path,
    *,
    alpha: float,
    name: str,
    permuted: bool = True,
    architecture: str = INTERLEAVED,
) -> None:
    """Writes the adapter of PEFT's model, as `write_gguf_lora` does its weights."""
    from peft import get_peft_model_state_dict

    config = model.get_base_model().config
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    write_gguf_lora(
        {key: weight.float().cpu().numpy() for key, weight in state.items()},
        out,
        alpha=alpha,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        name=name,
        permuted=permuted,
        architecture=architecture,
    )


def write_gguf_lora(
    weights: Mapping[str, NDArray[np.float32]],
    out: Path,
    *,
    alpha: float,
    heads: int,
    kv_heads: int,
    name: str,
    permuted: bool = True,
    architecture: str = INTERLEAVED,
) -> None:
    """Writes PEFT's state dict (`...layers.0.self_attn.q_proj.lora_A.weight`) as GGUF, float16.

    Without `permuted` the file is wrong on purpose, so that the card can show the difference.
    """
    import gguf

    permuted = permuted and architecture == INTERLEAVED
    writer = gguf.GGUFWriter(out, architecture)
    writer.add_type("adapter")
    writer.add_name(name)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for key in sorted(weights):
        layer, module, part = _parse(key)
        matrix = weights[key]
        # Only the rows of B belong to heads; the rows of A belong to the rank.
        if permuted and part == "B" and module in ("q_proj", "k_proj"):
            matrix = permute_rows(matrix, heads if module == "q_proj" else kv_heads)
        tensor = f"blk.{layer}.{MODULES[module]}.weight.lora_{part.lower()}"
        writer.add_tensor(tensor, np.ascontiguousarray(matrix, dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _parse(key: str) -> tuple[int, str, str]:
    """Returns layer, module, and A or B of a PEFT key."""
    words = key.split(".")
    position = words.index("layers")
    return int(words[position + 1]), words[position + 3], words[position + 4].removeprefix("lora_")
