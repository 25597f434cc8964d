"""Holds what was read in one text: items with their place, value and confidence. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

Value = str | float | bool | None


class Item(Struct, frozen=True):
    """Holds one thing in a text: characters start..end-1, and what they mean."""

    start: int
    end: int
    how: str  # the rule that found it; its confidence was measured
    values: Mapping[str, Value] = field(default_factory=dict)
    confidence: float = 0.0  # chance that kind, place and values are right
    by: tuple[str, ...] = ("rules",)  # who found it: rules, and the model that answered

    def text(self, whole: str) -> str:
        """Returns the characters of this item."""
        return whole[self.start : self.end]

    def overlaps(self, other: Item) -> bool:
        """Returns True when both share a character."""
        return self.start < other.end and other.start < self.end


def apart(items: Iterable[Item]) -> list[Item]:
    """Returns items without overlaps, in the order of the text; those named first stay."""
    kept: list[Item] = []  # in the order of the text
    for item in items:
        place = bisect_left(kept, item.start, key=_start)
        beside = kept[max(0, place - 1) : place + 1]  # no other can share a character
        if not any(map(item.overlaps, beside)):
            kept.insert(place, item)
    return kept


def _start(item: Item) -> int:
    return item.start


def document(item: Item, whole: str) -> dict[str, object]:
    """Returns an item as JSON types."""
    return {
        "text": item.text(whole),
        **item.values,
        "start": item.start,
        "end": item.end,
        "confidence": round(item.confidence, 4),
        "by": list(item.by),
    }


def agreed(item: Item, other: Item) -> Item:
    """Returns an item that two found: by both, with the higher confidence of the two."""
    by = tuple(dict.fromkeys((*item.by, *other.by)))
    return replace(item, by=by, confidence=max(item.confidence, other.confidence))
