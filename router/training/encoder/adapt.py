"""Lets the student read the folder's texts before distillation (stage 2b, off by default).

The method is TSDAE (Wang, Reimers and Gurevych 2021): 60 % of the words of each text are deleted,
the student makes one vector of the rest, and a decoder must write the whole text from it. Labels
are not read. The training loop is ours, because the library's loss takes a model of the
transformers package, and the student is none. One layer is a whole decoder here, since attending to
a single vector is a linear map of it. The softmax runs over the word pieces of the batch, a
fiftieth of the vocabulary.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from router.training.encoder import distil
from router.training.encoder.precision import quickest
from router.training.encoder.student import Layer, Shape, Student, build, start_from_teacher
from router.training.encoder.teacher import padded
from router.training.progress import track

SECONDS = 600.0
"""Length of the stage when it is named without a time."""
DELETED = 0.6
"""Share of words deleted: the best of those tried in the paper (its table 5)."""
CLIP = 1.0  # largest norm of a gradient


@dataclass(frozen=True, slots=True)
class Plan:
    """Sets time limit and learning rate; at most one pass over the texts."""

    seed: int
    max_seconds: float = SECONDS
    batch_tokens: int = 3_072
    rate: float = 3.0e-4
    warmup_share: float = 0.05
    shape: Shape = field(default_factory=Shape)


@dataclass(frozen=True, slots=True)
class Adapted:
    """Holds the steps done and the mean loss of the first and of the last tenth of them.

    Losses are in nats per word piece.
    """

    steps: int
    loss_first: float
    loss_last: float


class Decoder(nn.Module):
    """Writes a text, piece by piece, from one vector; shares the student's word table."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.position = nn.Embedding(shape.positions, shape.width)
        self.remembered = nn.Linear(shape.width, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=1e-12)
        self.layer = Layer(shape)
        nn.init.normal_(self.position.weight, std=0.02)

    def forward(self, word: nn.Embedding, vector: Tensor, before: Tensor) -> Tensor:
        """Maps (batch, width) and (batch, tokens) to the state that predicts each next piece."""
        tokens = before.shape[1]
        x = word(before) + self.position.weight[:tokens] + self.remembered(vector)[:, None]
        # A large negative logit hides the pieces ahead: (1, 1, tokens, tokens).
        ahead = torch.full((tokens, tokens), -10_000.0).triu(1)[None, None]
        state: Tensor = self.layer(self.norm(x), ahead.to(x.dtype))
        return state


def adapt(rows: Sequence[Sequence[int]], plan: Plan, out: Path, *, progress: bool) -> Adapted:
    """Trains the student on token rows without labels and saves its weights in `out`.

    It begins as distillation does, at the teacher's projection. The same rows, seed and number of
    steps give the same weights; when the time ends first, the speed of the machine decides the
    number of steps.
    """
    torch.manual_seed(plan.seed)
    rng = np.random.default_rng(plan.seed)
    # The same start as distillation's, so that the stage can be left out.
    student = build(plan.shape, plan.seed)
    start_from_teacher(student, distil.middling(rows, plan.seed))
    decoder = Decoder(plan.shape)
    weights = [*student.parameters(), *decoder.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=plan.rate, weight_decay=0.01, fused=True)
    batches = _batches(rows, plan.batch_tokens, rng)
    began = time.monotonic()
    losses: list[float] = []
    student.train()
    for step, batch in enumerate(track(batches, "adapt", progress)):
        elapsed = (time.monotonic() - began) / plan.max_seconds
        if elapsed >= 1.0:
            break
        share = distil.share_done(step, len(batches), elapsed)
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * distil.rate(share, plan.warmup_share)
        # Other words are deleted each time a text is seen.
        loss = tsdae_loss(student, decoder, [rows[index] for index in batch], rng)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(weights, CLIP)
        optimiser.step()
        losses.append(float(loss.detach()))
    torch.save(student.state_dict(), out / distil.STUDENT)
    (out / "history.json").write_text(json.dumps([round(loss, 4) for loss in losses]) + "\n")
    # The first and the last tenth show the fall of the loss in the stage's manifest.
    tenth = max(1, len(losses) // 10)
    first, last = np.mean(losses[:tenth]), np.mean(losses[-tenth:])
    return Adapted(len(losses), round(float(first), 4), round(float(last), 4))


def _batches(rows: Sequence[Sequence[int]], most: int, rng: np.random.Generator) -> list[list[int]]:
    """Returns batches of rows of similar length, each row once; the batches in random order."""
    order = rng.permutation(len(rows))
    lengths = np.array([len(rows[index]) for index in order])
    groups: list[list[int]] = []
    for index in order[np.argsort(lengths, kind="stable")]:
        if groups and len(rows[index]) * (len(groups[-1]) + 1) <= most:
            groups[-1].append(int(index))
        else:
            groups.append([int(index)])
    return [groups[place] for place in rng.permutation(len(groups))]


def with_words_deleted(row: Sequence[int], rng: np.random.Generator) -> list[int]:
    """Returns the row without the share DELETED of its inner pieces; at least one of them stays.

    The markers at both ends stay too.
    """
    inner = np.arange(1, len(row) - 1)
    if len(inner) < 2:
        return list(row)
    count = max(1, math.ceil(len(inner) * (1.0 - DELETED)))
    kept = np.sort(rng.choice(inner, size=count, replace=False))
    return [row[0], *(row[place] for place in kept), row[-1]]


def tsdae_loss(
    student: Student, decoder: Decoder, rows: Sequence[Sequence[int]], rng: np.random.Generator
) -> Tensor:
    """Returns the cross-entropy per piece of the whole texts, given vectors of the shortened
    ones."""
    whole = padded(rows)
    # `pieces` are the word pieces of this batch; `place` numbers each token among them.
    pieces, place = torch.unique(whole, return_inverse=True)
    with quickest():
        vector = student.pooled(padded([with_words_deleted(row, rng) for row in rows]))
        state = decoder(student.word, vector, whole[:, :-1])
        logits = (state @ student.word(pieces).T).float()  # (batch, tokens, pieces)
    predicted = whole[:, 1:] != 0  # padding has nothing to predict
    return functional.cross_entropy(logits[predicted], place[:, 1:][predicted])
