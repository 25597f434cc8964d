"""Decides when the next line of a batch may begin: after live requests, and at half their right.

Three rules hold. Half of the slots are used while other requests are under way. No line begins
within `YOUNG_MS` of the begin of a live request, whose reading takes the processor, though never
longer than `MOST_WAIT_S`. And where less than half of a rate limit or of the server's calls is
left, lines wait.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from router.types import Clock

YOUNG_MS = 30.0
"""Sets how long a live request has the processor to itself: it is read in a few milliseconds."""
MOST_WAIT_S = 1.0
"""Bounds how long steady live requests hold up one line, so that a batch still ends."""
LOOK_S = 0.005
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 60.0
_PARTS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|h|m|s)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Pace:
    """Shares a process's slots between its batches. `live` returns other requests under way."""

    def __init__(
        self,
        clock: Clock,
        slots: Callable[[], int],
        live: Callable[[], int],
        live_began_s: Callable[[], float],
    ) -> None:
        """Takes what it asks before each line.

        `slots` returns the lines that may be under way, `live` the other requests that are, and
        `live_began_s` the monotonic time at which the last of them began.
        """
        self._clock = clock
        self._slots = slots
        self._live = live
        self._live_began_s = live_began_s
        self._used = 0

    @property
    def free(self) -> bool:
        """Returns True when one more line may be under way."""
        slots = self._slots()
        return self._used < (max(1, slots // 2) if self._live() else slots)

    @property
    def young(self) -> bool:
        """Returns True while a live request that has just begun is under way."""
        age_ms = self._clock.monotonic_ms() - self._live_began_s() * 1000.0
        return age_ms < YOUNG_MS and self._live() > 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Waits for a slot and for live requests that have just begun, then holds the slot."""
        until_ms = self._clock.monotonic_ms() + MOST_WAIT_S * 1000.0
        # Live requests set no event for a batch: their path stays as short as it is.
        while not self.free or (self.young and self._clock.monotonic_ms() < until_ms):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
        self._used += 1
        try:
            yield
        finally:
            self._used -= 1


def pause_after(status: int, headers: Mapping[bytes, bytes]) -> float | None:
    """Returns the seconds until a refused line may be sent again; None where it may not.

    A spent budget, ours or a provider's, does not come back in time, and says so by
    `x-should-retry: false`.
    """
    if status not in (429, 503) or headers.get(b"x-should-retry") == b"false":
        return None
    wait = headers.get(b"retry-after", b"1")
    try:
        seconds = float(wait)
    except ValueError:
        seconds = 1.0
    return min(max(seconds, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)


def pause_for_others(headers: Mapping[bytes, bytes]) -> float:
    """Returns the seconds to wait where less than half of a rate is left, 0 where more is.

    >>> pause_for_others({b"x-ratelimit-limit-tokens": b"100",
    ...     b"x-ratelimit-remaining-tokens": b"40", b"x-ratelimit-reset-tokens": b"1m2s"})
    31.0
    """
    pause = 0.0
    for unit in (b"requests", b"tokens"):
        try:
            limit = int(headers[b"x-ratelimit-limit-" + unit])
            left = int(headers[b"x-ratelimit-remaining-" + unit])
        except (KeyError, ValueError):
            continue
        if left * 2 < limit:
            reset = headers.get(b"x-ratelimit-reset-" + unit, b"").decode("latin-1")
            seconds = sum(float(n) * _SECONDS[unit] for n, unit in _PARTS.findall(reset))
            # What refills evenly has half of what lacks back in half the time.
            pause = max(pause, min(max(seconds / 2, SHORTEST_PAUSE_S), LONGEST_PAUSE_S))
    return pause
