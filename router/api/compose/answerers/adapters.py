"""Waits while a local model is loaded anew with a policy's adapters beside the one that serves.

Without it, requests would meanwhile be answered by the base alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from router.errors import Mistake, PolicyError
from router.policy.loading import LoadedPolicy

LOAD_S, LOOK_S = 60.0, 0.05
"""The shipped model is loaded in a second; one of 7 GB from a slow disk takes most of a minute."""


async def exchanged(
    before: LoadedPolicy,
    after: LoadedPolicy,
    take_over: Callable[[LoadedPolicy], None],
    loading: Callable[[LoadedPolicy], str],
) -> None:
    """Gives the local models a policy's settings, and returns once `loading` names none any more.

    Raises PolicyError after LOAD_S, and gives them the settings of the policy before.
    """
    take_over(after)
    try:
        await _loaded(after, loading)
    except PolicyError:
        take_over(before)
        raise


async def _loaded(policy: LoadedPolicy, loading: Callable[[LoadedPolicy], str]) -> None:
    for _ in range(round(LOAD_S / LOOK_S)):
        model = await asyncio.to_thread(loading, policy)
        if not model:
            return
        await asyncio.sleep(LOOK_S)
    state = f"{model} without its new adapters after {LOAD_S:g} s"
    expected = "adapters that it can load; the old ones serve on"
    raise PolicyError((Mistake(str(policy.path), 0, "adapters", state, expected),))
