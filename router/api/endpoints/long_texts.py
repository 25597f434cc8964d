"""Works on a long text in a thread, so that other requests go on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

LEAST_THREADED = 3_000
"""Characters of a text that is worked on in a thread: rules take 2 to 4 ms for 1,000 of them."""

_T = TypeVar("_T")


async def threaded(text: str, work: Callable[[], _T]) -> _T:
    """Returns what work on a text gives."""
    return await asyncio.to_thread(work) if len(text) >= LEAST_THREADED else work()
