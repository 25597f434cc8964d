"""Makes a tiny base for adapters: a random Llama of two layers, and a tokenizer of single bytes.

`Letters` is a tokenizer without any package: one token a character, and the template's signs. It
lets data preparation be tested where transformers is not installed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

SIGN = re.compile(r"<\|im_start\|>|<\|im_end\|>|.", re.S)
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class Letters:
    """One token a character; the two signs of the chat template are one token each."""

    def apply_chat_template(
        self, turns: Sequence[dict[str, str]], *, tokenize: bool, add_generation_prompt: bool
    ) -> str:
        assert not tokenize
        text = "".join(f"<|im_start|>{t['role']}\n{t['content']}<|im_end|>\n" for t in turns)
        return text + ("<|im_start|>assistant\n" if add_generation_prompt else "")

    def __call__(self, text: str, **_: bool) -> dict[str, list[object]]:
        places = [(found.start(), found.end()) for found in SIGN.finditer(text)]
        tokens: list[object] = [
            ord(text[begin]) if end - begin == 1 else 1 + (text[begin:end] == "<|im_end|>")
            for begin, end in places
        ]
        return {"input_ids": tokens, "offset_mapping": list(places)}


def write_base(folder: Path, *, width: int = 32) -> Path:
    """Writes a random base and its tokenizer, as a hub would hold them."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    signs = ["<|im_start|>", "<|im_end|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: number for number, piece in enumerate([*signs, *alphabet])}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, additional_special_tokens=signs, eos_token="<|im_end|>"
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(str(folder))
    torch.manual_seed(5)
    config = AutoConfig.for_model(
        "llama",
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=1,
        bos_token_id=0,
        tie_word_embeddings=True,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(str(folder))
    return folder


def write_lines(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    """Writes rows as JSON, one a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def chat_row(asked: str, answer: str, **more: object) -> dict[str, object]:
    """Returns a line of one question and its answer."""
    return {
        "messages": [
            {"role": "user", "content": asked},
            {"role": "assistant", "content": answer},
        ],
        **more,
    }


def pair_row(asked: str, chosen: str, rejected: str, **more: object) -> dict[str, object]:
    """Returns a line of a right answer and a wrong one."""
    return {"prompt": asked, "chosen": chosen, "rejected": rejected, **more}
