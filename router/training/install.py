"""Decides, head by head, if a finished model may replace the installed one.

Two cards are compared by the figures that each measured on its own dev part. With the same data
these are the same rows; with other data they are at best rows of the same kind, and the message
says so. A card is enough: nothing is loaded or measured here.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from router.training import model_folder
from router.training.card import Value, part_of
from router.triage.triage_model import HEADS_FOLDER, write_manifest

CARD = "card.json"
TOLERANCE = 0.01
"""The fall of a figure that is allowed at any row count: two seeds of one training differ by it."""

Card = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Figure:
    """Holds one head's figure of a card: AUROC or accuracy, and its dev rows.

    AUROC is for a chance, accuracy for classes.
    """

    kind: str
    value: float
    rows: int


@dataclass(frozen=True, slots=True)
class Worse:
    """Describes a head whose figure fell by more than is allowed.

    >>> str(Worse("spam", Figure("AUROC", 0.99, 900), Figure("AUROC", 0.95, 900), 0.01))
    'spam: AUROC 0.9500 against 0.9900 (0.0100 allowed)'
    """

    head: str
    old: Figure
    new: Figure
    allowed: float

    def __str__(self) -> str:
        rows = (
            f"; on {self.new.rows} dev rows against {self.old.rows}"
            if self.new.rows != self.old.rows
            else ""
        )
        return (
            f"{self.head}: {self.new.kind} {self.new.value:.4f} against {self.old.value:.4f} "
            f"({self.allowed:.4f} allowed{rows})"
        )


@dataclass(frozen=True, slots=True)
class Installed:
    """Tells where the finished model is and whether it was installed.

    `folder` is the requested one, or the one in the work folder when the model was `worse` than the
    model `against` which it was judged and so was not installed.
    """

    folder: Path
    version: str
    figures: Card
    installed: bool
    against: Path | None
    worse: tuple[Worse, ...]


def settle(model: Path, out: Path, shipped: Path | None, *, force: bool) -> Installed:
    """Installs `model` in `out` unless one of its heads is worse; with `force` in any case.

    It is judged against the model in `out`, or, when there is none, against that in `shipped`.
    """
    card = read_card(model)
    against = next(
        (place for place in (out, shipped) if place is not None and (place / CARD).is_file()),
        None,
    )
    fallen = () if against is None else worse(card, read_card(against))
    installed = force or not fallen
    if installed and model.resolve() != out.resolve():
        with model_folder.changed(out) as made:
            shutil.rmtree(made / HEADS_FOLDER, ignore_errors=True)
            shutil.copytree(model, made, dirs_exist_ok=True)
            version = write_manifest(made)
    else:
        version = write_manifest(model)
    folder = out if installed else model
    figures = card["figures"]
    assert isinstance(figures, Mapping)
    return Installed(folder, version, figures, installed, against, fallen)


def read_card(folder: Path) -> Card:
    """Returns the card of a model folder."""
    card: Card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return card


def worse(new: Card, old: Card) -> tuple[Worse, ...]:
    """Returns the heads whose figure in `new` is lower than in `old` by more than chance explains.

    TOLERANCE is allowed, or one standard error of the figure on the fewer rows when that is more.
    A head that has figures in only one of the cards cannot be worse.
    """
    now, before = figures_of(new), figures_of(old)
    fallen = []
    for head in before.keys() & now.keys():
        a, b = before[head], now[head]
        # The standard error of a share: sqrt(p (1 - p) / n). For AUROC it is an approximation.
        chance = math.sqrt(max(a.value * (1.0 - a.value), 0.0) / max(1, min(a.rows, b.rows)))
        allowed = max(TOLERANCE, chance)
        if a.kind == b.kind and a.value - b.value > allowed:
            fallen.append(Worse(head, a, b, allowed))
    return tuple(sorted(fallen, key=lambda one: one.head))


def figures_of(card: Card) -> dict[str, Figure]:
    """Returns one figure per head of a card: of given labels if it has any, otherwise of weak ones.

    The figure of difficulty is the mean AUROC over its benchmarks, weighed by their answers. Match
    and novelty count as heads, because they are fitted and shipped with them.
    """
    figures = part_of(card, "figures")
    figure_of: dict[str, Figure] = {}
    for labels in ("weak", "given"):  # given labels come last and replace weak ones
        for head, row in part_of(figures, "heads", labels).items():
            if "/" not in head and isinstance(row, Mapping):
                kind = "auroc" if "auroc" in row else "accuracy"
                figure_of[head] = Figure(
                    "AUROC" if kind == "auroc" else kind,
                    _number(row[kind]),
                    int(_number(row["rows"])),
                )
    benchmarks = [
        row for row in part_of(figures, "difficulty", "dev").values() if isinstance(row, Mapping)
    ]
    answers = sum(_number(row["answers"]) for row in benchmarks)
    if answers:
        mean = sum(_number(row["auroc"]) * _number(row["answers"]) for row in benchmarks) / answers
        figure_of["difficulty"] = Figure("AUROC", mean, int(answers))
    match = part_of(figures, "match")
    if "auroc" in match:
        figure_of["match"] = Figure(
            "AUROC", _number(match["auroc"]), int(_number(match["requests"]))
        )
    novelty = part_of(figures, "novelty", "trials", "combined")
    if "nonsense_auroc" in novelty:
        rows = int(_number(novelty.get("nonsense_novel", 1)))
        figure_of["novelty"] = Figure("AUROC", _number(novelty["nonsense_auroc"]), rows)
    return {head: figure for head, figure in figure_of.items() if not math.isnan(figure.value)}


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
