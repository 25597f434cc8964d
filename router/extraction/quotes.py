"""Finds a tier's quotes in the text: a quote that does not occur there is dropped. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from router.extraction.items import Item, Value, agreed

_SPACE = re.compile(r"\s+")
_SHOWN = ("title", "severity", "label", "value", "currency", "role", "party", "action", "deadline",
          "unit", "kind")  # fmt: skip
SAME = 0.5
"""Two items of one field are one where half of the shorter one's characters are shared."""


class Places:
    """Finds quotes in one text, whose runs of spaces count as one space."""

    def __init__(self, text: str) -> None:
        self._plain, self._from = _squeezed(text)
        self._taken: dict[str, int] = {}  # where to look for the same quote again

    def of(self, quote: str) -> tuple[int, int] | None:
        """Returns start and end of the next place of a quote, None where it does not occur."""
        words = _SPACE.sub(" ", quote).strip()
        if not words:
            return None
        place = self._plain.find(words, self._taken.get(words, 0))
        if place < 0:  # given once more than it occurs: the first place again
            place = self._plain.find(words)
        if place < 0:
            return None
        self._taken[words] = place + len(words)
        return self._from[place], self._from[place + len(words) - 1] + 1


def _squeezed(text: str) -> tuple[str, list[int]]:
    plain: list[str] = []
    places: list[int] = []
    spaced = False
    for i, char in enumerate(text):
        space = char.isspace()
        if space and spaced:
            continue
        plain.append(" " if space else char)
        places.append(i)
        spaced = space
    return "".join(plain), places


def verified(
    rows: Sequence[object], places: Places, model: str, confidence: float
) -> tuple[list[Item], int]:
    """Returns the items whose quote occurs in the text, and how many were dropped."""
    items: list[Item] = []
    dropped = 0
    for row in rows:
        quote = row.get("quote") if isinstance(row, Mapping) else None
        place = places.of(quote) if isinstance(quote, str) else None
        if place is None or not isinstance(row, Mapping):
            dropped += 1
            continue
        values: dict[str, Value] = {
            key: value
            for key in _SHOWN
            if isinstance(value := row.get(key), str | int | float)
            or (key in row and value is None)
        }
        items.append(Item(*place, "tier", values, confidence, (model,)))
    return items, dropped


def joined(own: Sequence[Item], theirs: Sequence[Item]) -> list[Item]:
    """Returns the items of rules and of a tier, each thing once, in the order of the text.

    What both found keeps the place and values of the rules.
    """
    left = list(theirs)
    items: list[Item] = []
    for item in own:
        same = next((quoted for quoted in left if _same(item, quoted)), None)
        if same is not None:
            left.remove(same)
            item = agreed(item, same)
        items.append(item)
    return sorted([*items, *left], key=lambda item: (item.start, item.end))


def _same(item: Item, other: Item) -> bool:
    shared = min(item.end, other.end) - max(item.start, other.start)
    return shared > 0 and shared >= SAME * min(item.end - item.start, other.end - other.start)
