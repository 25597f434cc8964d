"""Keeps a bounded sample of each class, and a fixed set that judges: the memory of a head.

Of each class the rows with the smallest digests stay. A digest is as good as chance, so what stays
is an even sample of all rows that ever came (bottom-k: Cohen 1997); the same rows in another order,
or told twice, give the same sample. A row leaves on the day when its text may no longer be kept.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

PER_CLASS = 100
"""Rows of each class in the reservoir."""
OLD_PER_CLASS = 50
"""Rows of each class in the fixed old set: 50 tell five points of one class apart."""


class Kept(Struct, frozen=True):
    """Holds one labelled text with what its dataset says about it."""

    row_id: str
    text: str
    label: str
    expires_at_ms: int
    decisions: tuple[str, ...] = ()
    task: str = ""
    key_id: str = ""  # who gave the label in the queue of reviews
    reviewer: str = ""

    @property
    def key(self) -> str:
        """Returns what makes the row the same when it is told again; another label is another
        row."""
        return hashlib.sha256(f"{self.row_id}\x1f{self.label}".encode()).hexdigest()[:16]


def sampled(rows: Iterable[Kept], per_class: int) -> list[Kept]:
    """Returns at most so many rows of each class, in the order of their keys.

    Of rows with one name the last one stays: who told another label corrected the first.
    """
    latest = {row.row_id: row for row in rows}
    counts: Counter[str] = Counter()
    kept = []
    for row in sorted(latest.values(), key=lambda row: row.key):
        counts[row.label] += 1
        if counts[row.label] <= per_class:
            kept.append(row)
    return kept


def in_time(rows: Iterable[Kept], now_ms: int) -> list[Kept]:
    """Returns the rows whose texts may still be kept."""
    return [row for row in rows if row.expires_at_ms > now_ms]


def fixed(old: Sequence[Kept], more: Iterable[Kept], per_class: int) -> list[Kept]:
    """Returns the set that judges with rows of another task; those in it stay as they are."""
    counts = Counter(row.label for row in old)
    known = {row.row_id for row in old}
    added = []
    for row in sorted(more, key=lambda row: row.key):
        if row.row_id not in known and counts[row.label] < per_class:
            counts[row.label] += 1
            added.append(row)
    return [*old, *added]
