"""Trains the student once (stage 3), by the teacher's embeddings and by every label together.

Each batch holds rows of similar length. Its loss has up to three terms: the cosine to the teacher,
the agreement of all pairwise cosines, and a cross-entropy per labelled task, read linearly from the
unit embedding (as the served heads will read it). The benchmark results (which model answered which
prompt right) are left out on purpose: heads for those are fitted on embeddings of the same rows,
and an encoder that has learned those rows by heart makes them look easier than new rows are.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from router.stats.heads import Embeddings
from router.training.data import balance
from router.training.data.sources import Example
from router.training.encoder.precision import quickest
from router.training.encoder.student import Shape, Student, build, start_from_teacher
from router.training.encoder.teacher import padded
from router.training.progress import track

TASK_WEIGHT: Mapping[str, float] = {
    "department": 0.4, "domain": 0.4, "stakes": 0.8, "toxic_kind": 0.4, "toxic": 0.3, "spam": 0.5,
    "request_type": 0.4, "multi_factor": 0.3, "strategic": 0.3, "harm": 0.2,
}  # fmt: skip
INTENT_WEIGHT = 1.0
COSINE_WEIGHT, PAIRS_WEIGHT = 6.0, 12.0
STUDENT, READOUT = "student.pt", "readout.pt"
NOISY_SHARE = 0.4
"""Share of short texts that are trained with typing errors, against the clean text's target."""
MASKED_SHARE = 0.1
"""Share of tokens hidden behind [MASK] in training. Without it and dropout, the losses of all
labelled tasks fell to a hundredth while dev figures did not improve."""
MASK, MARKERS = 103, 104
"""The id of [MASK]; ids below MARKERS are markers and are never masked."""
SMOOTHING = 0.05
TIME_COUNTS_FROM = 0.1
"""At this share, a training that will be cut short is behind its schedule, any other is ahead."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Sets the length and the learning rates of a training; `scale` multiplies all repeats."""

    seed: int
    scale: float = 1.0
    batch_tokens: int = 3_072
    rate: float = 1.0e-3
    rate_heads: float = 6.0e-3
    warmup_share: float = 0.04
    max_seconds: float = math.inf
    shape: Shape = field(default_factory=Shape)
    leg: int = 1
    """Number of this training of the same student; from the second on it continues the last one."""
    curriculum: float = 0.0
    """Share of the training in which hard rows are still missing; 0: all rows from the start."""
    adjustment: float = 0.0
    """Logit adjustment: the factor of the log of a class's share; 0: class weights."""
    device: str = "cpu"


class Balance(NamedTuple):
    """Holds one task's class weights in the loss, and the numbers added to the class logits."""

    weight: Tensor  # (classes,)
    shift: Tensor  # (classes,)


class Readout(nn.Module):
    """Reads tasks linearly from the unit embedding, one head per task, in training only."""

    def __init__(self, width: int, sizes: Mapping[str, int]) -> None:
        super().__init__()
        self.tasks = nn.ModuleDict(
            {_key(task): nn.Linear(width, size) for task, size in sizes.items()}
        )
        for layer in self.tasks.values():
            nn.init.normal_(layer.weight, std=0.3)
            nn.init.zeros_(layer.bias)


def _key(task: str) -> str:
    return task.replace("/", "__")  # keeps paths out of the names of torch modules


@dataclass(frozen=True, slots=True)
class Corpus:
    """Holds all that the loop needs per example, as arrays."""

    rows: Sequence[Sequence[int]]
    noisy: Mapping[int, Sequence[Sequence[int]]]  # several mistyped forms of one text
    sources: Sequence[str]
    target_row: np.ndarray  # (examples,), row of `targets` or -1
    targets: Embeddings  # (taught, 384)
    classes: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, np.ndarray]  # task -> (examples,), class number or -1


def corpus(
    examples: Sequence[Example],
    rows: Sequence[Sequence[int]],
    noisy: Mapping[int, Sequence[Sequence[int]]],
    taught: np.ndarray,
    targets: Embeddings,
) -> Corpus:
    """Returns the arrays of the training examples; `taught` are the examples of `targets` rows."""
    target_row = np.full(len(examples), -1)
    # Rows beyond the given examples have no place in the corpus.
    inside = taught < len(examples)
    target_row[taught[inside]] = np.flatnonzero(inside)
    classes: dict[str, tuple[str, ...]] = {}
    labels: dict[str, np.ndarray] = {}
    for task in sorted({task for example in examples for task in example.labels}):
        names = tuple(sorted({e.labels[task] for e in examples if task in e.labels}))
        if len(names) < 2:
            continue
        number = {name: index for index, name in enumerate(names)}
        classes[task] = names
        labels[task] = np.array([number.get(e.labels.get(task, ""), -1) for e in examples])
    sources = [example.source for example in examples]
    return Corpus(rows, noisy, sources, target_row, targets, classes, labels)


def mistyped(text: str, rng: random.Random) -> str:
    """Returns the text with a typing error in 12 to 50 letters: swapped, dropped or doubled ones.

    >>> mistyped("a", random.Random(1))
    'a'
    """
    letters = list(text)
    for _ in range(max(1, len(letters) // rng.choice((12, 25, 50)))):
        place = rng.randrange(len(letters))
        if not letters[place].isalpha() or len(letters) < 4:
            continue
        kind = rng.randrange(3)
        if kind == 0 and place + 1 < len(letters):
            letters[place], letters[place + 1] = letters[place + 1], letters[place]
        elif kind == 1:
            letters[place] = ""
        else:
            letters[place] *= 2
    return "".join(letters)


def schedule(corpus: Corpus, plan: Plan) -> list[list[int]]:
    """Returns the batches of the whole training in order: rows of similar length, mixed sources."""
    rng = np.random.default_rng(plan.seed + plan.leg)
    wanted = np.array([balance.repeats(source) for source in corpus.sources]) * plan.scale
    earliest, least = np.zeros(len(wanted)), 1
    if plan.curriculum:
        earliest = balance.first_seen(balance.hardness(corpus.rows), plan.curriculum)
        least = balance.CURRICULUM_EPOCHS
    ordered: list[list[int]] = []
    for epoch in balance.drawn(wanted, earliest, rng, least=least):
        # Shuffled before the sort, and with a random part of the length, so that batches differ.
        part = rng.permutation(epoch)
        lengths = np.array([len(corpus.rows[index]) for index in part]) + rng.random(len(part)) * 3
        part = part[np.argsort(lengths)]
        groups: list[list[int]] = []
        for index in part:
            size = len(corpus.rows[index])
            if groups and size * (len(groups[-1]) + 1) <= plan.batch_tokens:
                groups[-1].append(int(index))
            else:
                groups.append([int(index)])
        ordered += [groups[place] for place in rng.permutation(len(groups))]
    return ordered


def middling(rows: Sequence[Sequence[int]], seed: int) -> list[Sequence[int]]:
    """Returns rows of usual length for fitting the first weights, drawn under the seed."""
    fit = [row for row in rows if 8 <= len(row) <= 96]
    return random.Random(seed).sample(fit, min(700, len(fit)))


def train(
    corpus: Corpus, plan: Plan, out: Path, *, start: Path | None = None, progress: bool
) -> int:
    """Trains the student, saves its weights and the loss history in `out`; returns the steps.

    The first leg starts from the weights in `start`, or, when it is None, from the teacher's own.
    It stops early when `plan.max_seconds` is reached; the learning rate is then already low.
    """
    torch.manual_seed(plan.seed)
    rng = np.random.default_rng(plan.seed + plan.leg)
    student = build(plan.shape, plan.seed)
    if plan.leg == 1 and start is None:
        start_from_teacher(student, middling(corpus.rows, plan.seed))
    elif plan.leg == 1:
        student.load_state_dict(torch.load(start, weights_only=True))
    sizes = {task: len(names) for task, names in corpus.classes.items()}
    readout = Readout(plan.shape.width, sizes)
    if plan.leg > 1:
        student.load_state_dict(torch.load(out / STUDENT, weights_only=True))
        # A task that is new in this leg starts with fresh weights.
        readout.load_state_dict(torch.load(out / READOUT, weights_only=True), strict=False)
    # The first weights are fitted on the processor, so that they are the same ones.
    student.to(plan.device)
    readout.to(plan.device)
    balances = _balances(corpus, plan)
    optimiser = torch.optim.AdamW(
        [
            {"params": list(student.parameters()), "rate": plan.rate, "weight_decay": 0.01},
            {"params": list(readout.parameters()), "rate": plan.rate_heads, "weight_decay": 0.0},
        ],
        fused=True,
    )
    batches = schedule(corpus, plan)
    began = time.monotonic()
    history: list[dict[str, float]] = []
    running: Counter[str] = Counter()
    done = 0
    student.train()
    for step, batch in enumerate(track(batches, "distil", progress)):
        elapsed = (time.monotonic() - began) / plan.max_seconds
        if elapsed >= 1.0:
            break
        share = share_done(step, len(batches), elapsed)
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * rate(share, plan.warmup_share)
        loss, terms = _loss(student, readout, corpus, balances, batch, rng)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        # Only the student's; the heads are linear and learn at a rate of their own.
        nn.utils.clip_grad_norm_(student.parameters(), 2.0)
        optimiser.step()
        running.update(terms)
        if step % 100 == 99:
            history.append({"step": step + 1, **{k: round(v / 100, 4) for k, v in running.items()}})
            running.clear()
            (out / "history.json").write_text(json.dumps(history, indent=1))
        done = step + 1
    student.cpu()
    readout.cpu()
    torch.save(student.state_dict(), out / STUDENT)
    torch.save(readout.state_dict(), out / READOUT)
    return done


def share_done(step: int, steps: int, elapsed: float) -> float:
    """Returns the share of the training that is over: by steps or by time, whichever is larger.

    Time counts from TIME_COUNTS_FROM on. Before, the noise of a clock would make the rate of the
    first steps, and with it every weight, differ from one run to the next.
    """
    return max(step / steps, elapsed if elapsed > TIME_COUNTS_FROM else 0.0)


def rate(share: float, warmup: float) -> float:
    """Returns the factor of the learning rate: linear warm-up, then half a cosine to a
    hundredth."""
    if share < warmup:
        return share / warmup + 1e-3
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, (share - warmup) / (1 - warmup))))


def _balances(corpus: Corpus, plan: Plan) -> dict[str, Balance]:
    """Returns the correction for classes of unequal size, per task: weights or shifts, not both."""
    balances = {}
    for task, names in corpus.classes.items():
        labels, size = corpus.labels[task], len(names)
        if plan.adjustment:
            shift = plan.adjustment * balance.log_priors(labels, size)
            weight = np.ones(size)
        else:
            shift, weight = np.zeros(size), balance.class_weights(labels, size)
        balances[task] = Balance(
            *(
                torch.tensor(part, dtype=torch.float32, device=plan.device)
                for part in (weight, shift)
            )
        )
    return balances


def _loss(
    student: Student,
    readout: Readout,
    corpus: Corpus,
    balances: Mapping[str, Balance],
    batch: Sequence[int],
    rng: np.random.Generator,
) -> tuple[Tensor, dict[str, float]]:
    # A short text is often shown mistyped, but its targets stay those of the clean text.
    rows = [
        corpus.noisy[i][int(rng.integers(len(corpus.noisy[i])))]
        if i in corpus.noisy and rng.random() < NOISY_SHARE
        else corpus.rows[i]
        for i in batch
    ]
    device = student.word.weight.device
    with quickest(device.type):
        pooled = student.pooled(_masked(padded(rows), rng).to(device))
    unit = functional.normalize(pooled.float(), dim=-1)
    terms = dict(
        _terms(student, readout, corpus, balances, np.asarray(batch), pooled.float(), unit)
    )
    loss = sum(terms.values())
    assert isinstance(loss, Tensor), "a batch without any target"
    return loss, {name: float(value.detach()) for name, value in terms.items()}


def _masked(ids: Tensor, rng: np.random.Generator) -> Tensor:
    """Returns token ids with a share of them replaced by [MASK]; markers and padding stay."""
    # Padding has id 0, which is below MARKERS.
    hidden = torch.from_numpy(rng.random(ids.shape) < MASKED_SHARE) & (ids >= MARKERS)
    return ids.masked_fill(hidden, MASK)


def _terms(
    student: Student,
    readout: Readout,
    corpus: Corpus,
    balances: Mapping[str, Balance],
    index: np.ndarray,
    pooled: Tensor,
    unit: Tensor,
) -> Iterator[tuple[str, Tensor]]:
    rows = corpus.target_row[index]
    taught = np.flatnonzero(rows >= 0)
    if len(taught):
        target = torch.from_numpy(corpus.targets[rows[taught]].astype(np.float32)).to(unit.device)
        guess = functional.normalize(student.to_teacher(pooled[taught]), dim=-1)
        yield (
            "cosine",
            COSINE_WEIGHT * (1 - (guess * target).sum(1)).mean() * (len(taught) / len(index)),
        )
        own = unit[taught]
        yield "pairs", PAIRS_WEIGHT * functional.mse_loss(own @ own.T, target @ target.T)
    for task, labels in corpus.labels.items():
        chosen = np.flatnonzero(labels[index] >= 0)
        if not len(chosen):
            continue
        # Dot products of unit vectors are small; the factor lets the softmax become certain.
        logits = readout.tasks[_key(task)](unit[chosen]) * 4.0
        labels_here = torch.from_numpy(labels[index][chosen]).to(unit.device)
        value = functional.cross_entropy(
            logits + balances[task].shift,
            labels_here,
            weight=balances[task].weight,
            reduction="sum",
            label_smoothing=SMOOTHING,
        )
        # The sum over labelled rows divided by all rows: rare labels pull less per batch.
        weight = INTENT_WEIGHT if task.startswith("intent/") else TASK_WEIGHT.get(task, 0.3)
        yield task, weight * value / len(index)


def short_plan(plan: Plan) -> Plan:
    """Returns the same training at a size for tests: one narrow layer, few rows."""
    shape = Shape(layers_of_teacher=(0,))
    return replace(plan, scale=0.1, max_seconds=30.0, shape=shape, batch_tokens=1_024)
