"""Draws batches of rows of about one length, so that a batch needs little padding. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SORTED_TOGETHER = 16
"""Batches whose rows are sorted by length together: so drawn, they still differ from epoch to
epoch."""


def by_length(
    rows: list[T], size: int, length: Callable[[T], int], rng: random.Random
) -> list[list[T]]:
    """Returns all rows in batches of `size`, in an order drawn anew; shuffles `rows` in place."""
    rng.shuffle(rows)
    span = size * SORTED_TOGETHER
    batches = [
        near[i : i + size]
        for start in range(0, len(rows), span)
        for near in [sorted(rows[start : start + span], key=length)]
        for i in range(0, len(near), size)
    ]
    rng.shuffle(batches)
    return batches
