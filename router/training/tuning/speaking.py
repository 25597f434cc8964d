"""Lets a base, with an adapter or without, write answers: by transformers, or as it is served.

A GGUF base is asked through the runtime that serves it, which is also several times as fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from router.training.tuning.bases import Base
from router.training.tuning.chats import ChatMessage
from router.training.tuning.tokens import rendered

Speaker = Callable[[Sequence[Sequence[ChatMessage]], int, bool], list[str]]
"""Answers prompts greedily with at most so many tokens each; True: with the adapter."""
TOGETHER = 8


def speaker(base: Base, model: Any, adapter: Path | None, longest: int) -> Speaker:
    """Returns who answers. `model` has the adapter in it; `adapter` is its file for the runtime."""
    if base.gguf is not None:
        return _served(base.gguf, adapter, longest)
    return lambda prompts, most, adapted: _written(base, model, prompts, most, adapted)


def _served(gguf: Path, adapter: Path | None, longest: int) -> Speaker:
    from router.training.adapter.measure import open_runtime

    server = open_runtime(gguf, adapter, context_tokens=2 * longest)

    def speak(prompts: Sequence[Sequence[ChatMessage]], most: int, adapted: bool) -> list[str]:
        def one(turns: Sequence[ChatMessage]) -> str:
            body: dict[str, object] = {
                "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
                "max_tokens": most,
                "temperature": 0.0,
                "cache_prompt": False,
            }
            if adapter is not None:
                body["lora"] = [{"id": 0, "scale": float(adapted)}]
            choice = server.handle_chat_completions(body)["choices"][0]
            return str(choice["message"]["content"]).strip()

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(one, prompts))

    return speak


def _written(
    base: Base, model: Any, prompts: Sequence[Sequence[ChatMessage]], most: int, adapted: bool
) -> list[str]:
    if adapted or not hasattr(model, "disable_adapter"):
        return _generated(base, model, prompts, most)
    with model.disable_adapter():
        return _generated(base, model, prompts, most)


def _generated(
    base: Base, model: Any, prompts: Sequence[Sequence[ChatMessage]], most: int
) -> list[str]:
    import torch

    tokenizer = base.tokenizer
    answers: list[str] = []
    ends = _ends(tokenizer, model)
    model.eval()
    for start in range(0, len(prompts), TOGETHER):
        part = prompts[start : start + TOGETHER]
        texts = [rendered(tokenizer, turns, to_answer=True) for turns in part]
        rows = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
        longest = max(map(len, rows))
        # Padded on the left: the answers start at the same place.
        tokens = torch.tensor([[ends[0]] * (longest - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
        with torch.no_grad():
            made = model.generate(
                input_ids=tokens.to(base.device),
                attention_mask=mask.to(base.device),
                max_new_tokens=most,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                eos_token_id=ends,
                pad_token_id=ends[0],
            )
        answers += tokenizer.batch_decode(made[:, longest:], skip_special_tokens=True)
    return [text.strip() for text in answers]


def _ends(tokenizer: Any, model: Any) -> list[int]:
    """Returns the tokens that end an answer: the base's own, and the last of its template."""
    given = model.generation_config.eos_token_id
    ids = [given] if isinstance(given, int) else list(given or [])
    turns = (ChatMessage("user", "a"), ChatMessage("assistant", "b"))
    last = tokenizer.encode(
        rendered(tokenizer, turns, to_answer=False).rstrip("\n "), add_special_tokens=False
    )[-1]
    return list(dict.fromkeys([*ids, tokenizer.eos_token_id or last, last]))
