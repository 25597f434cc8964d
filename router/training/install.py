"""Decides, head by head, if a finished model may replace the installed one.

Two cards are compared by the figures that each measured on its own dev part, and on sources that
taught it nothing. With the same data these are the same rows; with other data they are at best rows
of the same kind, and the message says so. A card is enough: nothing is loaded or measured here.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from router.errors import WorseModel
from router.training import model_folder
from router.training.card import Value, part_of
from router.triage.triage_model import HEADS_FOLDER, write_manifest

CARD = "card.json"
TOLERANCE = 0.01
"""The fall of a figure that is allowed at any row count: two seeds of one training differ by it."""

CLAIMS_KEPT = "claims kept"

Card = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Figure:
    """Holds one head's figure of a card and its rows, 0 if not known. More is better, 1.0 the most.

    AUROC is for a chance, accuracy for classes. `claims kept` is 1 less the mean of what sure
    answers say beyond the share that is right.
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
            f"; on {self.new.rows} rows against {self.old.rows}"
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
    lost: tuple[str, ...] = ()  # heads without a figure now; data without their labels have none


def settle(model: Path, out: Path, shipped: Path | None, *, force: bool) -> Installed:
    """Installs `model` in `out` unless one of its heads is worse; with `force` in any case.

    It is judged against the model in `out`, or, when there is none, against that in `shipped`.
    """
    card = read_card(model)
    against = next(
        (place for place in (out, shipped) if place is not None and (place / CARD).is_file()),
        None,
    )
    before: Card = {} if against is None else read_card(against)
    heads = worse(card, before)
    installed = force or not heads
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
    return Installed(folder, version, figures, installed, against, heads, tuple(lost(card, before)))


@contextmanager
def refitted(folder: Path, *, force: bool) -> Iterator[Path]:
    """Yields a copy of a finished model to change, as `unless_worse` does, judged by its card."""

    def found(old: Path, new: Path) -> list[str]:
        before, after = read_card(old), read_card(new)
        return [*map(str, worse(after, before)), *lost(after, before)]

    with unless_worse(folder, found, force=force) as made:
        yield made


@contextmanager
def unless_worse(
    folder: Path, found: Callable[[Path, Path], Sequence[str]], *, force: bool
) -> Iterator[Path]:
    """Yields a copy of `folder` to change, which takes its place when the block ends.

    The block writes the copy's cards. `found` gets the older folder and the copy, and returns what
    is worse, by which sentences. Where there is any, the older folder stays, the copy goes into
    `<folder>-not-installed`, and WorseModel is raised; with `force` the copy takes the place. When
    the block raises, nothing changes.
    """
    with model_folder.changed(folder) as made:
        yield made
        sentences = found(folder, made)
        if not sentences or force:
            return
        shutil.copytree(made, beside(folder))
        raise not_installed(folder, sentences)


def beside(folder: Path) -> Path:
    """Returns where a model goes that is worse than the one in `folder`. Removes an older such."""
    kept = _beside(folder)
    shutil.rmtree(kept, ignore_errors=True)
    return kept


def not_installed(folder: Path, found: Iterable[str]) -> WorseModel:
    """Returns the error that says why the model in `folder` stays, and where the new one is."""
    return WorseModel(
        f"{folder} stays as it was, since the new model is worse: {'; '.join(found)}. "
        f"The new one is in {_beside(folder)}; --force installs such a one all the same."
    )


def _beside(folder: Path) -> Path:
    place = folder.resolve()
    return place.with_name(f"{place.name}-not-installed")


def read_card(folder: Path) -> Card:
    """Returns the card of a model folder."""
    card: Card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return card


def worse(new: Card, old: Card) -> tuple[Worse, ...]:
    """Returns the heads whose figure in `new` is lower than in `old` by more than chance explains.

    TOLERANCE is allowed, or one standard error of the figure on the fewer rows when that is more.
    A head that has figures in only one of the cards cannot be worse (see `lost`).
    """
    both = _unread(new).keys() & _unread(old).keys()
    now, before = (figures_of(card) | unread_figures(card, both) for card in (new, old))
    return tuple(fallen_in(before, now))


def fallen_in(before: Mapping[str, Figure], now: Mapping[str, Figure]) -> list[Worse]:
    """Returns the figures that fell, by name; those of one side alone are left out."""
    found = [_fallen(head, before[head], now[head]) for head in sorted(before.keys() & now.keys())]
    return [one for one in found if one is not None]


def _fallen(head: str, before: Figure, now: Figure) -> Worse | None:
    """Returns how far a figure of a head fell; None where that is allowed."""
    # What is kept of claims was mostly 1.0 before, of which there is no error of counting.
    share = now.value if now.kind == CLAIMS_KEPT else before.value
    # The standard error of a share: sqrt(p (1 - p) / n). For AUROC it is an approximation.
    rows = min([figure.rows for figure in (before, now) if figure.rows], default=1)
    allowed = max(TOLERANCE, math.sqrt(max(share * (1.0 - share), 0.0) / rows))
    fell = before.kind == now.kind and before.value - now.value > allowed
    return Worse(head, before, now, allowed) if fell else None


def lost(new: Card, old: Card) -> list[str]:
    """Returns a sentence for each head that has a figure in `old`, and none in `new`."""
    return lost_in(figures_of(old), figures_of(new))


def lost_in(before: Mapping[str, Figure], now: Mapping[str, Figure]) -> list[str]:
    """Returns a sentence for each figure that is no more."""
    return [
        f"{head}: no figure any more, {before[head].kind} {before[head].value:.4f} before"
        for head in sorted(before.keys() - now.keys())
    ]


def unread_figures(card: Card, rows: Collection[str]) -> dict[str, Figure]:
    """Returns two figures per head on sources that taught it nothing, by rows `<head>/<source>`.

    They are the accuracy, and for heads that are sure of some texts how far they keep what they
    claim of these.
    """
    found: dict[str, Figure] = {}
    by_head: dict[str, list[Mapping[str, Value]]] = {}
    for name, row in _unread(card).items():
        if name in rows:
            by_head.setdefault(name.partition("/")[0], []).append(row)
    for head, read in by_head.items():
        count = int(sum(_number(row["rows"]) for row in read))
        correct = sum(_number(row["rows"]) * _number(row["accuracy"]) for row in read)
        found[f"{head}, unread sources"] = Figure("accuracy", correct / max(1, count), count)
        sure = [row for row in read if "said" in row]
        claims = [(_number(r["sure"]), _number(r["said"]), _number(r["right"])) for r in sure]
        count = int(sum(number for number, _, _ in claims))
        if count:
            over = sum(number * max(0.0, said - right) for number, said, right in claims) / count
            found[f"{head}, sure of unread sources"] = Figure(CLAIMS_KEPT, 1.0 - over, count)
    return found


def _unread(card: Card) -> dict[str, Mapping[str, Value]]:
    rows = part_of(card, "figures", "held_out")
    return {name: row for name, row in rows.items() if isinstance(row, Mapping)}


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
    match = part_of(figures, "match", "all")
    if "auroc" in match:
        rows = int(_number(match["requests"]))
        figure_of["match"] = Figure("AUROC", _number(match["auroc"]), rows)
        claims = match.get("claimed_among_taken"), match.get("right_among_taken")
        if None not in claims:  # cards of older models do not count them
            claimed, right = map(_number, claims)
            figure_of["match, taken"] = Figure(CLAIMS_KEPT, 1.0 - max(0.0, claimed - right), rows)
    novelty = part_of(figures, "novelty", "trials", "combined")
    if "nonsense_auroc" in novelty:
        rows = int(_number(novelty.get("nonsense_novel", 1)))
        figure_of["novelty"] = Figure("AUROC", _number(novelty["nonsense_auroc"]), rows)
    return {head: figure for head, figure in figure_of.items() if not math.isnan(figure.value)}


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
