"""Waits while a local model is loaded anew with a policy's adapters beside the one that serves.

Without it, requests would meanwhile be answered by the base alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from router.errors import Mistake, PolicyError

LOAD_S, LOOK_S = 60.0, 0.05
"""The shipped model is loaded in a second; one of 7 GB from a slow disk takes most of a minute."""


async def until_loaded(loading: Callable[[], str], policy: Path) -> None:
    """Returns once `loading` names no model any more. Raises PolicyError after LOAD_S."""
    for _ in range(round(LOAD_S / LOOK_S)):
        model = await asyncio.to_thread(loading)
        if not model:
            return
        await asyncio.sleep(LOOK_S)
    found = f"{model} without its new adapters after {LOAD_S:g} s"
    expected = "adapters that it can load; the old ones serve on"
    raise PolicyError((Mistake(str(policy), 0, "adapters", found, expected),))
