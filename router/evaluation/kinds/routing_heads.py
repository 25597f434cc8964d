"""Heads that foretell of each of two models whether it answers right: fitted, saved, found again.

Two chances and not one: requests are ranked by the gain, and what both would fail gains nothing.
They belong to a benchmark, so serving never loads them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.evaluation.judging import honest_rows, save, unknown_judges, weighed
from router.evaluation.options import Options, Subject
from router.evaluation.rows import Row
from router.stats import heads
from router.stats.calibration import Floats
from router.stats.heads import Encoded, Head
from router.training.data.labels import model_name
from router.training.heads.fit_one_head import fit_head

RIGHT = ("wrong", "right")

Pair = tuple[float, float]
"""What the weak and the strong model reached on one row, 0..1."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """P(right) of the weak and of the strong model, (rows,) each, and the heads that say so.

    A model that is always or never right among the taught rows has no head.
    """

    chances: tuple[Floats, Floats]
    heads: tuple[Head | None, Head | None]


def foretell(
    subject: Subject,
    path: Path,
    taught: Sequence[Row],
    results: Sequence[Pair],
    asked: Sequence[Row],
    truth: Sequence[Pair],
    options: Options,
) -> Foretold:
    """Two calibrated heads from the `taught` rows of `path`, and what they say of `asked`.

    `truth` is used only where the encoder knows every taught row and none of the asked ones: then
    each half of these weighs and calibrates the heads that judge the other half.
    """
    encoded = subject.encode([row.text for row in taught])
    wanted = subject.encode([row.text for row in asked])
    crossed = unknown_judges(subject, taught, asked, path)
    made = [
        _one(subject, path, taught, [r[k] for r in results], (encoded, wanted),
             [t[k] for t in truth] if crossed else None, options)
        for k in (0, 1)
    ]  # fmt: skip
    return Foretold((made[0][0], made[1][0]), (made[0][1], made[1][1]))


def _one(
    subject: Subject, path: Path, taught: Sequence[Row], results: Sequence[float],
    read: tuple[Encoded, Encoded], truth: Sequence[float] | None, options: Options,
) -> tuple[Floats, Head | None]:  # fmt: skip
    """The chances of one model on the asked rows, and its head."""
    encoded, wanted = read
    labels = np.array([int(result > 0.5) for result in results])
    if len(np.unique(labels)) < 2:
        return np.full(len(wanted), float(labels[0])), None
    fit = fit_head(
        RIGHT[1], encoded, labels, RIGHT, [row.text for row in taught],
        subject.model.encoder.sha256, seed=options.seed, rare=subject.model.rarity,
        positive=RIGHT[1], honest=honest_rows(subject, taught, path),
    )  # fmt: skip
    if truth is None:
        return np.asarray(fit.head(wanted), float), fit.head
    right = np.array([int(value > 0.5) for value in truth])
    head, chances, _ = weighed(fit, wanted, right, lambda one, mine: one(wanted[mine]))
    return np.asarray(chances, float), head


def saved(subject: Subject, benchmark: str, pair: tuple[str, str]) -> tuple[Head, Head] | None:
    """The heads that ship for two models on a benchmark; None unless both do."""
    found = [
        path
        for model in pair
        for path in sorted(subject.benchmark_heads.glob(f"*.{_slug(benchmark, model)}.json"))[:1]
    ]
    if len(found) != len(pair):
        return None
    one, other = (
        heads.load(path.parent, path.stem, encoder_sha256=subject.model.encoder.sha256)
        for path in found
    )
    return one, other


def save_pair(
    found: tuple[Head | None, Head | None], path: Path, benchmark: str, pair: tuple[str, str]
) -> list[str]:
    """Writes both heads as `<path>.<benchmark>.<model>`; says so in words."""
    return [
        save(head, path.with_name(f"{path.name}.{_slug(benchmark, model)}"))
        for head, model in zip(found, pair, strict=True)
        if head is not None
    ]


def _slug(benchmark: str, model: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", f"{benchmark} {model_name(model)}".lower())
