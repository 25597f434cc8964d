"""Holds what answerers that stand around another one have in common."""

from __future__ import annotations

import math

from router.types import Answerer, AnswererFacts, AnswererStatus, Clock, Work
from tiers.resilience.base import end_of_call

HAND_OVER_S = 0.1
"""Ends work on an answer so long before the deadline that the answer in hand is given in time."""


class WrappingAnswerer:
    """Has the facts and the status of the answerer inside, and starts and closes it."""

    def __init__(self, inner: Answerer) -> None:
        self._inner = inner

    @property
    def facts(self) -> AnswererFacts:
        return self._inner.facts

    def status(self) -> AnswererStatus:
        return self._inner.status()

    async def start(self) -> None:
        await self._inner.start()

    async def close(self) -> None:
        await self._inner.close()


def ends_at(work: Work, clock: Clock) -> float:
    """Returns when work on an answer ends, in seconds of the running event loop's clock."""
    return end_of_call(work, math.inf, clock) - HAND_OVER_S
