"""A progress bar where one is wanted; plain iteration where not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def track(items: Sequence[Item], what: str, shown: bool) -> Iterable[Item]:
    """Iterates over `items`; with `shown`, a bar named `what` stands on stderr meanwhile."""
    if not shown:
        return items
    from tqdm import tqdm

    bar: Iterable[Item] = tqdm(items, desc=what, mininterval=2.0, smoothing=0.1)
    return bar
