"""Shows a progress bar when one is wanted; otherwise iterates plainly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def track(items: Sequence[Item], what: str, shown: bool) -> Iterable[Item]:
    """Iterates over `items`; with `shown`, a bar named `what` is on stderr meanwhile."""
    if not shown:
        return items
    # Imported here, because serving does not install it.
    from tqdm import tqdm

    bar: Iterable[Item] = tqdm(items, desc=what, mininterval=2.0, smoothing=0.1)
    return bar
