"""Makes heads that foretell, from the prompt, whether a model will be wrong: one for each model.

The file is a table of graded answers, as `tiergate evaluate routing` reads it. A head gives the
chance of a wrong answer and not of a right one, because over several turns of a conversation the
highest chance counts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.errors import TrainingDataError
from router.evaluation.kinds.graded_table import read_graded
from router.evaluation.kinds.routing_heads import learned
from router.evaluation.options import Subject
from router.evaluation.rows import distinct
from router.stats.heads import Head
from router.stats.softmax_regression import OUTCOMES_C
from router.training.heads.fit_one_head import FittedHead, Recipe, TaughtRows, fit_head
from router.training.heads.labelled_rows import together
from router.training.heads.train_head import install_all, spans_of, versions
from router.training.install import Figure, not_installed

OUTCOMES = ("right", "wrong")
CHANCES_KEPT = "1 - ECE"
LEAST_ROWS = 100
"""Sets the distinct prompts with a grade that a model needs, and LEAST_OF_EACH those of either
outcome. A prompt that is graded again is no further evidence of what the head knows."""
LEAST_OF_EACH = 10


@dataclass(frozen=True, slots=True)
class OutcomeHead:
    """Describes the head of one model."""

    name: str
    model: str
    rows: int
    texts: int  # distinct prompts among them
    figures: Mapping[str, object]
    intervals: Mapping[str, Sequence[float]]  # of 95 %


def train_outcomes(
    data: Path,
    out: Path,
    *,
    model_dir: Path,
    models: Sequence[str],
    seed: int,
    command: str,
    force: bool = False,
) -> list[OutcomeHead]:
    """Fits and writes a head for each model of the table, or for `models`; returns what was made.

    Raises WorseModel where a head in `out` had a better AUROC or calibration, without `force`; then
    the new heads go into a folder beside it. Raises TrainingDataError where a file cannot be used,
    or where no model has enough answers.
    """
    table = read_graded(data)
    subject = Subject.load(model_dir)
    named = sorted({name for row in table.graded.values() for name in row.results})
    _check(data, models, named)
    texts = [row.text for row in table.table.items]
    grades = table.of(table.table.items)
    # What the encoder knows by heart of this file would teach a head nothing else.
    words = learned(subject, data)
    encoded = (subject.words if words else subject.encode)(texts)
    made: list[OutcomeHead] = []
    fits: list[tuple[Head, dict[str, object]]] = []
    for model in models or named:
        rows = np.array([n for n, row in enumerate(grades) if model in row.results])
        wrong = np.array([int(grades[n].results[model] <= 0.5) for n in rows])
        asked = [texts[n] for n in rows]
        if not _enough(asked, wrong.tolist()):
            continue
        name = head_name(model)
        recipe = Recipe(
            name,
            OUTCOMES,
            subject.model.encoder.sha256,
            subject.model.rarity,
            positive="wrong",
            strength=OUTCOMES_C,
            smooth=True,
        )
        # Prompts that say nearly the same are no judges of each other.
        groups = together(asked, wrong.tolist())
        fitted = fit_head(recipe, TaughtRows(encoded[rows], wrong, groups), seed)
        sha256 = table.table.sha256
        spans = spans_of(fitted.chances, wrong, groups, seed)
        card = _card(fitted, model, data, sha256, subject, words, command)
        card |= {"texts": distinct(asked), "intervals": spans}
        fits.append((fitted.head, card))
        made.append(OutcomeHead(name, model, len(rows), distinct(asked), fitted.figures, spans))
    if not made:
        raise TrainingDataError(
            f"{data}: found no model with graded answers to {LEAST_ROWS} distinct prompts, "
            f"{LEAST_OF_EACH} of them right and as many wrong; expected more rows"
        )
    place, faults = install_all(fits, out, _figures, force=force)
    if place != out:
        raise not_installed(out, faults)
    return made


def _figures(card: Mapping[str, object]) -> dict[str, Figure]:
    """Returns the AUROC of distinct prompts, which older cards do not count, and what chances keep.

    Both are of rows that each fold left out. What they keep is 1 less the expected calibration
    error: a head that ranks as well may say chances that are further off.
    """
    figures, texts = card.get("figures"), card.get("texts")
    if not isinstance(figures, Mapping):
        return {}
    rows = texts if isinstance(texts, int) else 0
    kept = {"": ("AUROC", figures.get("auroc")), ", calibration": (CHANCES_KEPT, _kept(figures))}
    return {
        of: Figure(kind, float(value), rows)
        for of, (kind, value) in kept.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


def _kept(figures: Mapping[str, object]) -> float | None:
    """Returns 1 less the expected calibration error of a card, None where it has none."""
    off = figures.get("ece")
    return 1.0 - off if isinstance(off, int | float) else None


def _enough(asked: Sequence[str], wrong: Sequence[int]) -> bool:
    """Returns True where enough distinct prompts have a grade, and enough of them either one."""
    either: tuple[list[str], list[str]] = ([], [])
    for text, place in zip(asked, wrong, strict=True):
        either[place].append(text)
    return distinct(asked) >= LEAST_ROWS and min(map(distinct, either)) >= LEAST_OF_EACH


def _check(data: Path, models: Sequence[str], named: Sequence[str]) -> None:
    """Raises TrainingDataError for models without results, or whose heads would be one file."""
    unknown = [model for model in models if model not in named]
    if unknown:
        raise TrainingDataError(
            f"{data}: found no results of {', '.join(unknown)}; expected one of: {', '.join(named)}"
        )
    by_name: dict[str, list[str]] = {}
    for model in models or named:
        by_name.setdefault(head_name(model), []).append(model)
    for name, alike in by_name.items():
        if len(alike) > 1:
            raise TrainingDataError(
                f"{data}: the heads of {' and '.join(alike)} would both be {name}; expected one of "
                "them: name it with --model, and another folder with --out for the other"
            )


def head_name(model: str) -> str:
    """Returns the name of a model's head, as policies may write it.

    >>> head_name("gpt-4o-mini-2024-07-18")
    'wrong_gpt_4o_mini_2024_07_18'
    """
    return ("wrong_" + re.sub(r"[^a-z0-9]+", "_", model.lower()).strip("_"))[:64]


def _card(
    fitted: FittedHead,
    model: str,
    data: Path,
    sha256: str,
    subject: Subject,
    words: bool,
    command: str,
) -> dict[str, object]:
    return {
        "name": fitted.head.name,
        "kind": str(fitted.head.kind),
        "classes": list(fitted.head.classes),
        "of": f"the chance that an answer of {model} is wrong, from the prompt",
        "reads": "words" if words else "the embedding and words",
        "command": command,
        "data": [{"file": data.name, "sha256": sha256}],
        "figures": dict(fitted.figures),
        "judged_on": "out-of-fold rows",
        "encoder_sha256": fitted.head.encoder_sha256,
        "model_version": subject.model.version,
        "versions": versions(),
    }
