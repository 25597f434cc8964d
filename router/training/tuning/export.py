"""Writes a trained adapter for others to load: PEFT's folder, and GGUF where llama.cpp knows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from router.training.adapter.gguf import ARCHITECTURES, MODULES, write_adapter_gguf
from router.training.tuning.bases import Base
from router.training.tuning.chats import ChatMessage
from router.training.tuning.plan import Settings
from router.training.tuning.tokens import rendered

PEFT_FOLDER, GGUF_FILE = "peft", "adapter.gguf"
PROBES = (
    "Where is my parcel?",
    "What is the capital of France?",
    "Write one sentence about rain.",
    "How do I return an item?",
)


def to_peft(model: Any, out: Path) -> Path:
    """Writes the folder that PEFT and vLLM load."""
    folder = out / PEFT_FOLDER
    model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)  # PEFT's is empty; the card is CARD.md
    return folder


def to_gguf(model: Any, settings: Settings, out: Path) -> tuple[Path | None, str]:
    """Writes the file that llama.cpp loads; or None, and why it cannot be written."""
    from peft import get_peft_model_state_dict

    config = model.get_base_model().config
    architecture = ARCHITECTURES.get(config.model_type)
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    other = {key.split(".")[-3] for key in state} - set(MODULES)
    if architecture is None or other:
        what = f"its layers {', '.join(sorted(other))}" if other else "its architecture"
        return (
            None,
            f"{config.model_type}: {what} has no name here",
        )
    path = out / GGUF_FILE
    write_adapter_gguf(
        model,
        path,
        alpha=float(settings.alpha),
        name="tiergate adapter",
        architecture=architecture,
    )
    return path, ""


def parity(model: Any, base: Base, file: Path) -> dict[str, float]:
    """Returns how far the served runtime is from what was trained, in nats per likely token.

    The runtime rounds activations to eight bits, which base and adapter share; a wrong export
    differs by more with the adapter than without.
    """
    from router.training.adapter.measure import runtime_logprobs
    from router.training.adapter.train import next_logprobs

    assert base.gguf is not None
    figures: dict[str, float] = {"prompts": len(PROBES)}
    texts = [
        rendered(base.tokenizer, (ChatMessage("user", probe),), to_answer=True) for probe in PROBES
    ]
    model = model.float()
    for name, scale in (("base", 0.0), ("adapter", 1.0)):
        differences = [
            abs(logprobs[token] - value)
            for text, top in zip(
                texts, runtime_logprobs(base.gguf, file, texts, scale), strict=True
            )
            if (logprobs := next_logprobs(model, base.tokenizer, text, adapted=scale > 0))
            for token, value in top.items()
        ]
        figures[f"{name}_mean_difference_nats"] = round(sum(differences) / len(differences), 4)
    return figures
