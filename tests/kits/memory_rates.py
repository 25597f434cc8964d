"""A limiter of one process, for houses without a folder."""

from __future__ import annotations

from collections.abc import Sequence

from router.rate_limits.gcra import admission, corrected
from router.types import Clock, RateAsk, RateTaken


class MemoryRates:
    """Implements types.RateLimiter in a dict."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_at: dict[tuple[str, str], int] = {}

    async def take(self, asks: Sequence[RateAsk]) -> RateTaken:
        now_ns = self._now_ns()
        full_at, taken = admission([self._of(ask, now_ns) for ask in asks], asks, now_ns)
        for ask, at_ns in zip(asks, full_at, strict=True):
            if taken.refused is None:
                self._full_at[ask.tenant, ask.name] = at_ns
        return taken

    async def correct(self, asks: Sequence[RateAsk]) -> None:
        now_ns = self._now_ns()
        for ask in asks:
            at_ns = corrected(self._of(ask, now_ns), ask, now_ns)
            self._full_at[ask.tenant, ask.name] = at_ns

    def _of(self, ask: RateAsk, now_ns: int) -> int:
        return self._full_at.get((ask.tenant, ask.name), now_ns)

    def _now_ns(self) -> int:
        return round(self._clock.monotonic_ms() * 1_000_000)
