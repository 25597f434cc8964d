"""Warns of a machine's clock that is set, and of a ledger whose newest row has not come yet.

Budgets, keys, retention and all times of rows go by the clock, so whoever reads them must know that
it moved. The clock is compared with the time that the machine is up, which nobody can set. That
counts a sleep too, so that a laptop that wakes up is no clock that jumped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from router.api.compose.clock import MOST_AHEAD_MS
from router.api.observability.log import Log

LOOKS_EVERY_S = 30.0
MOST_S = 120.0
"""Difference that is no jump: machines that share a ledger may differ by so much."""
FOLLOWED = "the new time is followed at once; budgets, keys and retention go by it"
HALF_PACE = "Tiergate's own time goes on at half its pace until the clock has caught up"
BELIEVED = "more than a day back is believed at once: new rows are older than those before them"


def _up_ns() -> int:
    """Returns the nanoseconds since the machine's start, asleep or not."""
    asleep_too = getattr(time, "CLOCK_BOOTTIME", None)  # Linux alone has it
    return time.monotonic_ns() if asleep_too is None else time.clock_gettime_ns(asleep_too)


class ClockWatch:
    """Compares the clock with the machine's uptime; see `Recurring`."""

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        up_ns: Callable[[], int] = _up_ns,
    ) -> None:
        self._wall_ns, self._up_ns = wall_ns, up_ns
        self._apart_ns = wall_ns() - up_ns()
        self._log = Log("tiergate.clock")

    def begin_after(self, newest_ms: int) -> None:
        """Warns where the ledger's newest row, ms since the epoch, lies in the future."""
        ahead_s = newest_ms / 1e3 - self._wall_ns() / 1e9
        if ahead_s > MOST_S:
            ahead_of_all = 1000.0 * ahead_s > MOST_AHEAD_MS
            self._log.warning(
                "ledger_ahead",
                newest=_shown(newest_ms / 1e3),
                ahead_s=round(ahead_s),
                next=BELIEVED if ahead_of_all else HALF_PACE,
            )

    async def look(self) -> None:
        """Looks once, and warns where the clock was set since the look before."""
        wall_ns = self._wall_ns()
        apart_ns = wall_ns - self._up_ns()
        moved_s = (apart_ns - self._apart_ns) / 1e9
        self._apart_ns = apart_ns
        if abs(moved_s) > MOST_S:
            back = BELIEVED if -1000.0 * moved_s > MOST_AHEAD_MS else HALF_PACE
            self._log.warning(
                "clock_jumped",
                moved_s=round(moved_s),
                now=_shown(wall_ns / 1e9),
                next=FOLLOWED if moved_s > 0 else back,
            )


def _shown(seconds: float) -> str:
    """Returns a time in UTC, such as 2026-11-27T03:05:17Z; what no calendar holds as a number."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f} s"
