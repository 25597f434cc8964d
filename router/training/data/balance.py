"""Decides how often each source is seen, how much each class weighs, and what comes first.

There are three balances, all in training and none in the rows: sources by the number of draws,
classes by their weight in the loss (or by logit adjustment), and time by a curriculum, which is off
by default. This module computes numbers only; `distil.py` applies them in a step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from router.training.data import templates

REPEATS: Mapping[str, float] = {
    "clinc150": 9.0, "banking77": 9.0, "hwu64": 7.0, "hint3": 10.0, "snips": 2.5,
    "tickets": 1.5, "davidson": 2.0, "sms": 4.0, "email": 2.0, "moderation": 3.0,
    "medquad": 3.0, "pubmedqa": 3.0, "tatqa": 3.0, "legalbench": 4.0,
    "pairs_mmlu": 2.0, "mmlu_pro": 1.5, "knowledge": 40.0,
}  # fmt: skip
"""Times that a source is seen in one full training; otherwise long texts would use up the time."""
REPEATS_STAKES, REPEATS_TEMPLATES, REPEATS_OTHER = 6.0, 7.0, 3.0

LEAST_WEIGHT, MOST_WEIGHT = 0.25, 4.0
"""Bounds of a class's weight before normalisation: a single row must not steer a step."""

FIRST_SHARE = 0.1
"""Share of the rows, the easiest ones, with which a curriculum begins (Platanios et al. 2019: .01,
with ten times as many steps)."""

CURRICULUM_EPOCHS = 20
"""A curriculum moves on from epoch to epoch; a short run of one epoch would have none."""

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def repeats(source: str) -> float:
    """Returns how many times a source is seen in one full training."""
    if source.startswith("stakes_"):
        return REPEATS_STAKES
    if source.startswith(templates.SOURCES):
        return REPEATS_TEMPLATES
    return REPEATS.get(source, REPEATS_OTHER)


def class_weights(labels: Numbers, size: int) -> Floats:
    """Returns weights that rise with the root of a class's rarity, within 1/4 to 4; (classes,).

    The mean weight of a row is 1; rows labelled -1 do not count.

    >>> class_weights(np.array([0, 0, 0, 0, 1]), 2).round(2).tolist()
    [0.83, 1.67]
    """
    counts = np.maximum(np.bincount(labels[labels >= 0], minlength=size), 1)
    weight = np.clip(np.sqrt(counts.mean() / counts), LEAST_WEIGHT, MOST_WEIGHT)
    return np.asarray(weight / (weight * counts).sum() * counts.sum(), np.float64)


def log_priors(labels: Numbers, size: int) -> Floats:
    """Returns the log of each class's share, for logit adjustment (Menon et al. 2021); (classes,).

    A class without a row counts as one row.
    """
    counts = np.maximum(np.bincount(labels[labels >= 0], minlength=size), 1)
    return np.asarray(np.log(counts / counts.sum()), np.float64)


def hardness(rows: Sequence[Sequence[int]]) -> Floats:
    """Returns the hardness of each row of token ids: its rank, 0 (easiest) to 1; (rows,).

    The measure is sentence rarity, the sum of -log share of its pieces, so that long rows and rare
    words are hard (Platanios et al. 2019, "Competence-based Curriculum Learning", section 2.2).
    """
    pieces = np.concatenate([np.asarray(row, dtype=np.int64) for row in rows])
    counts = np.bincount(pieces)
    surprise = -np.log(np.maximum(counts, 1) / counts.sum())
    total = np.array([surprise[np.asarray(row, dtype=np.int64)].sum() for row in rows])
    rank = np.empty(len(rows))
    rank[np.argsort(total, kind="stable")] = np.arange(len(rows))
    return rank / max(1, len(rows) - 1)


def first_seen(hard: Floats, curriculum: float) -> Floats:
    """Returns the share of the training, 0..1, from which a row of that hardness may be seen.

    Competence grows from FIRST_SHARE to 1 as the root of time. It is full after the share
    `curriculum` of the training; with 0 all rows are there from the start.

    >>> first_seen(np.array([0.0, 0.1, 1.0]), 0.5).tolist()
    [0.0, 0.0, 0.5]
    """
    begin = FIRST_SHARE**2
    # Solves competence(t) = sqrt(t (1 - c0^2) / T + c0^2) for t.
    waited = (np.maximum(hard, FIRST_SHARE) ** 2 - begin) / (1.0 - begin)
    return np.asarray(curriculum * waited, np.float64)


def drawn(
    wanted: Floats, earliest: Floats, rng: np.random.Generator, *, least: int = 1
) -> list[list[int]]:
    """Returns the rows of each epoch: row i `wanted[i]` times on average, at most once per epoch.

    No row comes before the share `earliest[i]` of the epochs is over, except a row that is wanted
    more often than there are epochs left. There are `least` epochs or more, enough for the most
    wanted row.
    """
    epochs: list[list[int]] = [[] for _ in range(max(least, math.ceil(wanted.max())))]
    whole = np.floor(wanted)
    for index, (count, rest) in enumerate(zip(whole, wanted - whole, strict=True)):
        # The fraction of a repeat becomes the probability of one more.
        times = int(count) + int(rng.random() < rest)
        first = min(math.ceil(earliest[index] * (len(epochs) - 1)), len(epochs) - times)
        for epoch in rng.choice(len(epochs) - first, size=times, replace=False):
            epochs[first + epoch].append(index)
    return epochs
