"""Moves long work off the event loop. It knows nothing of what the work is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")


async def offloaded(work: Callable[[], Made], *, when: bool) -> Made:
    """Returns the result of `work`. A thread does it where `when`, so that the loop can serve."""
    return await asyncio.to_thread(work) if when else work()
