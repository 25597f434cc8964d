"""Gives each finding the chance that it is right, as counted on labelled texts.

`counts.json` says by rule how many of its findings were right, on the half of our labelled texts
that no figure of the cards is measured on (`tiergate evaluate endpoints --calibrate`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from router.extraction.items import Item

COUNTS = Path(__file__).parent / "counts.json"
_PRIOR = 4.0
"""Weighs what is known of a rule's family, in findings: a rule seen twice is not sure of itself."""
UNSEEN = 0.5
"""The chance of a finding by a rule of no known family, as of a file that an operator wrote."""

Counts = Mapping[str, tuple[int, int]]


@cache
def shipped() -> Counts:
    """Returns the counts that come with Tiergate: right ones and all, by rule."""
    if not COUNTS.is_file():
        return {}
    raw = json.loads(COUNTS.read_text(encoding="utf-8"))
    return {how: (right, total) for how, (right, total) in raw.items()}


def chance(how: str, counts: Counts) -> float:
    """Returns the chance that a finding by this rule is right.

    The rule's own share is drawn to that of its family (all rules with the same beginning), which
    is drawn to one half by one right and one wrong finding.

    >>> round(chance("a.x", {"a.x": (9, 10), "a.y": (40, 50)}), 3)
    0.873
    """
    family = _family(how, counts)
    right, total = counts.get(how, (0, 0))
    return (right + _PRIOR * family) / (total + _PRIOR)


def _family(how: str, counts: Counts) -> float:
    prefix = how.rpartition(".")[0]
    same = [pair for name, pair in counts.items() if prefix and name.startswith(f"{prefix}.")]
    if not same:
        same = [counts[how]] if how in counts else []
    right, total = sum(pair[0] for pair in same), sum(pair[1] for pair in same)
    return (right + 1) / (total + 2) if total else UNSEEN


def rated(items: Iterable[Item], counts: Counts | None = None) -> list[Item]:
    """Returns the items with their confidence."""
    known = shipped() if counts is None else counts
    return [replace(item, confidence=chance(item.how, known)) for item in items]
