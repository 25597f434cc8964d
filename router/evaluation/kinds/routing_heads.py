"""Fits, saves and finds heads that predict for each of two models if it answers right.

There are two chances, because requests are ranked by the gain, and where both would fail nothing is
gained. The heads belong to a benchmark, so serving never loads them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.evaluation.judging import save
from router.evaluation.options import Options, Subject
from router.evaluation.rows import Row
from router.stats import heads
from router.stats.calibration import Floats
from router.stats.heads import Encoded, Head
from router.stats.softmax_regression import OUTCOMES_C
from router.training.data.labels import model_name
from router.training.heads.fit_one_head import Recipe, TaughtRows, fit_head
from router.triage.encoder import sha256_of

RIGHT = ("wrong", "right")

Pair = tuple[float, float]
"""Holds the results of the weak and the strong model on one row, 0..1."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """Holds P(right) of the weak and of the strong model, (rows,) each, and the heads behind it.

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
    options: Options,
) -> Foretold:
    """Fits two calibrated heads on the `taught` rows of `path`; returns their chances of `asked`.

    Where the encoder may know the file, it may know who was right, so the heads read words only:
    weights for its vectors would be fitted on what it learned by heart.
    """
    read = subject.words if learned(subject, path) or options.five_fits else subject.encode
    encoded = read([row.text for row in taught])
    wanted = read([row.text for row in asked])
    made = [
        _one(subject, taught, [r[k] for r in results], (encoded, wanted), options) for k in (0, 1)
    ]
    return Foretold((made[0][0], made[1][0]), (made[0][1], made[1][1]))


def learned(subject: Subject, path: Path) -> bool:
    """Returns True when the encoder was trained on the file."""
    return sha256_of(path) in subject.known


def _one(
    subject: Subject,
    taught: Sequence[Row],
    results: Sequence[float],
    read: tuple[Encoded, Encoded],
    options: Options,
) -> tuple[Floats, Head | None]:
    """Returns one model's chances on the wanted rows, and its head."""
    encoded, wanted = read
    # A graded result counts as right above one half.
    labels = np.array([int(result > 0.5) for result in results])
    # With one class there is nothing to fit: the chance is 0 or 1.
    if len(np.unique(labels)) < 2:
        return np.full(len(wanted), float(labels[0])), None
    recipe = Recipe(
        RIGHT[1],
        RIGHT,
        subject.model.encoder.sha256,
        subject.model.rarity,
        positive=RIGHT[1],
        strength=OUTCOMES_C,
        smooth=True,
    )
    fit = fit_head(recipe, TaughtRows(encoded, labels, [row.text for row in taught]), options.seed)
    return np.asarray(fit.head(wanted), float), fit.head


def saved(subject: Subject, benchmark: str, pair: tuple[str, str]) -> tuple[Head, Head] | None:
    """Returns the heads that ship for two models on a benchmark; None unless both do."""
    files = [
        path
        for model in pair
        for path in sorted(subject.benchmark_heads.glob(f"*.{_slug(benchmark, model)}.json"))[:1]
    ]
    if len(files) != len(pair):
        return None
    weak_head, strong_head = (
        heads.load(path.parent, path.stem, encoder_sha256=subject.model.encoder.sha256)
        for path in files
    )
    return weak_head, strong_head


def save_pair(
    pair_of_heads: tuple[Head | None, Head | None],
    path: Path,
    benchmark: str,
    pair: tuple[str, str],
) -> list[str]:
    """Writes both heads as `<path>.<benchmark>.<model>`; returns a sentence for each."""
    return [
        save(head, path.with_name(f"{path.name}.{_slug(benchmark, model)}"))
        for head, model in zip(pair_of_heads, pair, strict=True)
        if head is not None
    ]


def _slug(benchmark: str, model: str) -> str:
    # Names of models have slashes and colons, which a file name may not have.
    return re.sub(r"[^a-z0-9-]+", "-", f"{benchmark} {model_name(model)}".lower())
