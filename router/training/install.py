"""Whether a finished model may take the place of the one that is there, head by head.

Two cards are compared by the figures that each measured on its own dev part: with the same data the
same rows, with other data rows of the same kind at best, which the message says. A card is enough:
nothing is loaded or measured here.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from router.training.card import Value
from router.triage.triage_model import HEADS_FOLDER, MANIFEST, write_manifest

CARD = "card.json"
TOLERANCE = 0.01
"""How much a figure may fall whatever its rows: two seeds of one training differ by as much."""

Card = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Figure:
    """One head's figure of a card: AUROC for a chance, accuracy for classes, and its dev rows."""

    kind: str
    value: float
    rows: int


@dataclass(frozen=True, slots=True)
class Worse:
    """A head whose figure fell by more than is allowed.

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
    """Where the finished model is and what became of it.

    `folder` is the one asked for, or that in the work folder where the model was `worse` than the
    one `against` which it was judged and so was not installed.
    """

    folder: Path
    version: str
    figures: Card
    installed: bool
    against: Path | None
    worse: tuple[Worse, ...]


def settle(model: Path, out: Path, shipped: Path | None, *, force: bool) -> Installed:
    """Installs `model` in `out` unless a head of it is worse; with `force` all the same.

    It is judged against the model in `out`, without one against that in `shipped`.
    """
    card = read_card(model)
    against = next(
        (one for one in (out, shipped) if one is not None and (one / CARD).is_file()), None
    )
    fallen = () if against is None else worse(card, read_card(against))
    installed = force or not fallen
    if installed:
        _copy(model, out)
    where = out if installed else model
    figures = card["figures"]
    assert isinstance(figures, Mapping)
    return Installed(where, write_manifest(where), figures, installed, against, fallen)


def read_card(folder: Path) -> Card:
    """The card of a model folder."""
    card: Card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return card


def worse(new: Card, old: Card) -> tuple[Worse, ...]:
    """The heads whose figure in `new` is below that in `old` by more than chance explains.

    Allowed is TOLERANCE, or one standard error of the figure on the fewer rows where that is more.
    A head that only one of the cards has figures for cannot be worse.
    """
    now, before = figures_of(new), figures_of(old)
    found = []
    for head in before.keys() & now.keys():
        a, b = before[head], now[head]
        chance = math.sqrt(max(a.value * (1.0 - a.value), 0.0) / max(1, min(a.rows, b.rows)))
        allowed = max(TOLERANCE, chance)
        if a.kind == b.kind and a.value - b.value > allowed:
            found.append(Worse(head, a, b, allowed))
    return tuple(sorted(found, key=lambda one: one.head))


def figures_of(card: Card) -> dict[str, Figure]:
    """One figure per head of a card, of given labels where it has any, else of weak ones.

    Difficulty is the mean AUROC over its benchmarks, weighed by their answers; match and novelty
    stand beside the heads, since they are fitted and shipped with them.
    """
    figures = _map(card, "figures")
    found: dict[str, Figure] = {}
    for labels in ("weak", "given"):  # the given ones last: they take the place of weak ones
        for head, row in _map(figures, "heads", labels).items():
            if "/" not in head and isinstance(row, Mapping):
                kind = "auroc" if "auroc" in row else "accuracy"
                found[head] = Figure(
                    "AUROC" if kind == "auroc" else kind,
                    _number(row[kind]),
                    int(_number(row["rows"])),
                )
    asked = [row for row in _map(figures, "difficulty", "dev").values() if isinstance(row, Mapping)]
    answers = sum(_number(row["answers"]) for row in asked)
    if answers:
        mean = sum(_number(row["auroc"]) * _number(row["answers"]) for row in asked) / answers
        found["difficulty"] = Figure("AUROC", mean, int(answers))
    match = _map(figures, "match")
    if "auroc" in match:
        found["match"] = Figure("AUROC", _number(match["auroc"]), int(_number(match["requests"])))
    novelty = _map(figures, "novelty", "trials", "combined")
    if "nonsense_auroc" in novelty:
        rows = int(_number(novelty.get("nonsense_novel", 1)))
        found["novelty"] = Figure("AUROC", _number(novelty["nonsense_auroc"]), rows)
    return {head: figure for head, figure in found.items() if not math.isnan(figure.value)}


def _copy(model: Path, out: Path) -> None:
    """Puts the files of a model into `out`, the manifest last; heads that are no more are gone."""
    if model.resolve() == out.resolve():
        return
    shutil.rmtree(out / HEADS_FOLDER, ignore_errors=True)
    shutil.copytree(model, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST))


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _map(part: Card, *keys: str) -> Card:
    value: Value = part
    for key in keys:
        value = value.get(key, {}) if isinstance(value, Mapping) else {}
    return value if isinstance(value, Mapping) else {}
