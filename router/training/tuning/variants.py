"""Makes smaller and larger forms of the embedded LLM, and measures them side by side.

The shipped weights have four bits (Q4_1, the word table in eight), and nothing finer is in the
package. So the eight-bit form holds the same rounded weights: it can cost memory and time, and
cannot answer better than the original eight bits would. Pruned forms leave out whole layers, those
that change the state least (Men et al. 2024, block influence); nothing is trained after it. The
distilled form is a pruned one and the adapter that `train adapter --teacher` made of it, together.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.errors import TrainingDataError
from router.stats.measures import Column, change
from router.training.adapter.graded import (
    ANSWER_TOKENS,
    INSTRUCTIONS,
    Question,
    is_right,
    read_questions,
)
from router.training.adapter.measure import open_runtime, token_f1
from router.training.tuning.adapter import CARD
from router.training.tuning.judging import Question as General
from router.training.tuning.judging import general_questions

NEEDED = "block_count"
GENERAL_TOKENS, TIMED_TOKENS = 16, 48
GRADED = {"trivia_qa": 1, "natural_qa": 1, "mmlu_pro": 2}
"""Shares of the graded questions by source; those to compute are too long for a small model."""
FIGURES = "local_variants.json"


@dataclass(frozen=True, slots=True)
class Form:
    """Describes one form: the type of matrices, of the word table, and layers left out."""

    name: str
    matrices: str = ""  # "": as shipped
    table: str = ""
    dropped: int = 0


FORMS = (
    Form("Q4_1, as shipped"),
    Form("Q8_0", "Q8_0", "Q8_0"),
    Form("Q4_0, table too", "Q4_0", "Q4_0"),
    Form("Q4_1, 3 layers pruned", dropped=3),
    Form("Q4_1, 6 layers pruned", dropped=6),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """Holds the figures of one form; shares are 0..1."""

    name: str
    megabytes: float
    tokens_per_s: float  # of processor time, written by one request alone on one thread
    general_right: float
    graded_right: float | None
    same_answer: float  # token F1 to what the shipped form says to the general questions
    change: list[float]  # of `general_right` against the shipped form, with its 95 % interval
    layers: int


def write_form(
    source: Path,
    out: Path,
    *,
    matrices: str = "",
    table: str = "",
    left_out: Sequence[int] = (),
    adapter: Path | None = None,
) -> int:
    """Writes a GGUF with other types or fewer layers, or with a LoRA of `source` added to it.

    Returns the layers left. "" keeps a type.
    """
    import gguf

    reader = gguf.GGUFReader(source)
    added = {} if adapter is None else _added(adapter)
    architecture = reader.fields["general.architecture"].contents()
    blocks = int(reader.fields[f"{architecture}.{NEEDED}"].contents())
    kept = [number for number in range(blocks) if number not in left_out]
    place = {str(number): str(index) for index, number in enumerate(kept)}
    writer = gguf.GGUFWriter(out, architecture)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value = len(kept) if name.endswith(f".{NEEDED}") else field.contents()
        within = field.types[1] if len(field.types) > 1 else None
        writer.add_key_value(name, value, field.types[0], within)
    for tensor in reader.tensors:
        name = tensor.name
        if name.startswith("blk."):
            _, number, rest = name.split(".", 2)
            if number not in place:
                continue
            name = f"blk.{place[number]}.{rest}"
        data, kind = tensor.data, tensor.tensor_type
        wanted = table if name == "token_embd.weight" else matrices
        if (wanted or tensor.name in added) and kind is not gguf.GGMLQuantizationType.F32:
            weights = gguf.quants.dequantize(data, tensor.tensor_type).astype(np.float32)
            kind = gguf.GGMLQuantizationType[wanted] if wanted else kind
            data = gguf.quants.quantize(weights + added.get(tensor.name, np.float32(0)), kind)
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return len(kept)


def _added(adapter: Path) -> dict[str, NDArray[np.float32]]:
    """Returns what a LoRA adds to each matrix, (outputs, inputs), by the matrix's name."""
    import gguf

    reader = gguf.GGUFReader(adapter)
    alpha = float(reader.fields["adapter.lora.alpha"].contents())
    parts = {one.name: one.data.astype(np.float32) for one in reader.tensors}
    names = [name.removesuffix(".lora_a") for name in parts if name.endswith(".lora_a")]
    return {
        name: (alpha / len(parts[f"{name}.lora_a"]))
        * (parts[f"{name}.lora_b"] @ parts[f"{name}.lora_a"])
        for name in names
    }


def influence(source: Path, texts: Sequence[str]) -> list[float]:
    """Returns by how much each layer turns its input: 1 - mean cosine, over all tokens."""
    import torch

    from router.training.tuning.bases import open_base
    from router.training.tuning.plan import Settings
    from router.types import Device

    base = open_base(str(source), Settings(), Device.CPU)
    turned: list[float] = []
    with torch.no_grad():
        for text in texts:
            tokens = torch.tensor([base.tokenizer.encode(text)])
            states = base.model(input_ids=tokens, output_hidden_states=True).hidden_states
            values = [
                1.0 - torch.nn.functional.cosine_similarity(a.float(), b.float(), dim=-1).mean()
                for a, b in pairwise(states)
            ]
            one = [float(value) for value in values]
            turned = one if not turned else [a + b for a, b in zip(turned, one, strict=True)]
    return [value / len(texts) for value in turned]


def compare(
    source: Path,
    out: Path,
    say: Callable[[str], None],
    data: Path | None = None,
    questions: int = 40,
    general: int = 200,
    distilled: Path | None = None,
) -> list[Measured]:
    """Returns the figures of all forms, after writing the files and FIGURES into `out`.

    `data` is the folder of training data, whose dev questions are graded; None grades none.
    `distilled` is the folder of a `train adapter --teacher` on a pruned form. Raises
    TrainingDataError when `data` has no questions, or `distilled` no adapter of a GGUF.
    """
    out.mkdir(parents=True, exist_ok=True)
    asked = general_questions()[:general]
    graded: list[Question] = []
    if data is not None:
        shares = sum(GRADED.values())
        wanted = {name: max(1, questions * n // shares) for name, n in GRADED.items()}
        graded, _ = read_questions(data, wanted)
        if not graded:
            raise TrainingDataError(f"{data} has no questions to grade")
    rows: list[Measured] = []
    before: list[str] = []
    first = Column(())
    for form, path, layers in _written(source, out, asked, distilled, say):
        server = open_runtime(path, context_tokens=1024)
        answers = _all(server, [question.text for question in asked], GENERAL_TOKENS)
        before = before or answers
        right = [float(one.is_right(text)) for one, text in zip(asked, answers, strict=True)]
        first = first if first.values else Column(tuple(right), share=True)
        marks = [
            is_right(
                one, _say(server, f"{one.text}\n{INSTRUCTIONS[one.kind]}", ANSWER_TOKENS[one.kind])
            )
            for one in graded
        ]
        rows.append(
            Measured(
                form,
                round(os.path.getsize(path) / 1e6, 1),
                round(_speed(server), 1),
                _mean(right),
                _mean(marks) if marks else None,
                _mean([token_f1(a, b) for a, b in zip(answers, before, strict=True)]),
                change(first, Column(tuple(right), share=True)) or [],
                layers,
            )
        )
        say(f"{form}: {rows[-1].general_right:.3f} of {len(asked)} right")
    figures = {"questions": len(asked), "graded": len(graded), "rows": [asdict(r) for r in rows]}
    (out / FIGURES).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return rows


def _written(
    source: Path,
    out: Path,
    asked: Sequence[General],
    distilled: Path | None,
    say: Callable[[str], None],
) -> Iterator[tuple[str, Path, int]]:
    """Yields the name, file and layers of each form, the shipped one first."""
    say("which layers matter least")
    turned = influence(source, [question.text for question in asked[:12]])
    # The first and the last layer turn the state most, and are not among the least.
    least = sorted(range(len(turned)), key=lambda number: turned[number])
    yield FORMS[0].name, source, len(turned)
    for number, form in enumerate(FORMS[1:], start=1):
        path = out / f"form{number}.gguf"
        layers = write_form(
            source,
            path,
            matrices=form.matrices,
            table=form.table,
            left_out=least[: form.dropped],
        )
        yield form.name, path, layers
    if distilled is not None:
        path = out / "distilled.gguf"
        layers = distilled_form(distilled, path)
        yield f"Q4_1, {layers} layers, distilled", path, layers


def distilled_form(folder: Path, out: Path) -> int:
    """Writes the GGUF base of an adapter with the adapter in it; returns its layers."""
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        base, adapter = Path(card["base"]["name"]), folder / card["gguf"]["file"]
        return write_form(base, out, adapter=adapter)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingDataError(
            f"--distilled {folder}: expected the folder of a `train adapter --teacher` on one of "
            f"the forms' GGUF files, with its card: {error}"
        ) from error


def _all(server: Any, texts: Sequence[str], most: int) -> list[str]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda text: _say(server, text, most), texts))


def _say(server: Any, text: str, most: int) -> str:
    body = {
        "messages": [{"role": "user", "content": text}],
        "max_tokens": most,
        "temperature": 0.0,
        "cache_prompt": False,
    }
    choice = server.handle_chat_completions(body)["choices"][0]
    return str(choice["message"]["content"]).strip()


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 3)


def _speed(server: Any) -> float:
    """Returns written tokens per second of processor time, the better of two.

    The clock would say what else the machine does.
    """
    body = {
        "prompt": "Once upon a time",
        "max_tokens": TIMED_TOKENS,
        "temperature": 0.0,
        "ignore_eos": True,
        "cache_prompt": False,
    }
    best = 0.0
    for _ in range(2):
        began = time.process_time()
        server.handle_completions(body)
        best = max(best, TIMED_TOKENS / (time.process_time() - began))
    return best
