"""Compares the readers of harm and of grave matters with those in their place, by their cards.

A card has the figures of authors who did not teach what is judged. Where the same authors judge,
these are the same rows; a new author who teaches adds rows, and the message names both counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from router.training.card import Value, part_of
from router.training.install import Figure, fallen_in, lost_in

Figures = dict[str, Figure]
"""The figures of a card by what they are of."""

_GRAVE_SHARE, _HARM_SHARE = "0.03", "0.01"
"""The shares of false alarms at which grave matters and harm are judged, as cards spell them."""


def worse_reader(
    card: str, figures_of: Callable[[Mapping[str, Value]], Figures]
) -> Callable[[Path, Path], list[str]]:
    """Returns a function of the older folder and the new one: a sentence for each figure that fell.

    A folder without the card has nothing to compare with.
    """

    def faults_of(old: Path, new: Path) -> list[str]:
        before, now = (figures_of(_read(folder / card)) for folder in (old, new))
        return [*map(str, fallen_in(before, now)), *lost_in(before, now)]

    return faults_of


def _read(path: Path) -> Mapping[str, Value]:
    if not path.is_file():
        return {}
    card: Mapping[str, Value] = json.loads(path.read_text(encoding="utf-8"))
    return card


def of_grave(card: Mapping[str, Value]) -> Figures:
    """Returns how many grave matters are found at 3 % of false alarms, by language and author."""
    figures, firms = part_of(card, "figures"), _number(part_of(card, "rows").get("company"))
    grave = {
        side: sum(
            _rows(figures, language, "grave_rows")
            for language in figures
            if len(language) == 2 and (language == "en") is (side == "en")
        )
        for side in ("en", "others")
    }
    curves = {
        **{
            f"grave, {side}": (part_of(figures, f"trade_off_{side}"), grave[side]) for side in grave
        },
        **{
            f"grave, {side}, an author who taught nothing": (
                part_of(card, "held_out_author", side, "trade_off"),
                _rows(part_of(card, "held_out_author"), side, "grave_rows"),
            )
            for side in grave
        },
        **{f"of firms, {side}": (part_of(figures, "company", side), firms) for side in grave},
    }
    return _recalls(curves, _GRAVE_SHARE)


def of_harm(card: Mapping[str, Value]) -> Figures:
    """Returns AUROC over all authors, and how much harm is found at 1 % of false alarms."""
    return _of_curve("harm", part_of(card, "figures", "all"), "harmful_rows")


def of_kind(card: Mapping[str, Value]) -> Figures:
    """Returns the share of harmful requests whose kind of harm is right."""
    accuracy, rows = card.get("accuracy"), _number(card.get("rows"))
    return {"harm_kind": Figure("accuracy", accuracy, rows)} if isinstance(accuracy, float) else {}


def of_close(card: Mapping[str, Value]) -> Figures:
    """Returns the same two figures of the close reader, for harm and for grave matters."""
    return {
        **_of_curve("harm, read closely", part_of(card, "figures", "all"), "harmful_rows"),
        **_of_curve("grave, read closely", part_of(card, "grave", "all_closely"), "grave_rows"),
    }


def _of_curve(name: str, curve: Mapping[str, Value], rows: str) -> Figures:
    count = _number(curve.get(rows))
    ranked = curve.get("auroc")
    auroc = {name: Figure("AUROC", ranked, count)} if isinstance(ranked, float) else {}
    return {**auroc, **_recalls({f"{name}, recall": (curve, count)}, _HARM_SHARE)}


def _recalls(curves: Mapping[str, tuple[Mapping[str, Value], int]], share: str) -> Figures:
    """Returns the recall of each curve at a share of false alarms, where it has one."""
    recalls = {
        name: (part_of(curve, share).get("recall"), rows) for name, (curve, rows) in curves.items()
    }
    kind = f"recall at {float(share):.0%} false alarms"
    return {
        name: Figure(kind, recall, rows)
        for name, (recall, rows) in recalls.items()
        if isinstance(recall, float)
    }


def _rows(figures: Mapping[str, Value], name: str, rows: str) -> int:
    return _number(part_of(figures, name).get(rows))


def _number(value: Value) -> int:
    return int(value) if isinstance(value, int | float) else 0
