"""Breaks the circuit to one replica: closed, open, half-open. Pure; the caller passes the time.

Closed lets every call through and counts failures in a row. Open lets none through until its rest
is over. Half-open then lets one probe through: its success closes, its failure opens again. The
next probe may begin once words of this one have come, since the stream of a healthy replica may
take minutes. It knows nothing about what a call is.
"""

from __future__ import annotations

from enum import StrEnum

MOST_PROBES = 8
"""Bounds the probes under way, all but one of which have words: a replica may fall silent behind
the first, and each of these clients waits."""


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """`failures` in a row open it for `reset_ms`. Call `began`, then one of the four outcomes.

    A call that begins after it opened is a probe and has a number, by which its end is told from
    that of a probe before: one that began before the breaker closed speaks for no later opening.
    """

    __slots__ = (
        "_failures", "_latest", "_limit", "_opened_at_ms", "_probes", "_reset_ms", "_unheard",
    )  # fmt: skip

    def __init__(self, failures: int, reset_ms: float) -> None:
        self._limit = failures
        self._reset_ms = reset_ms
        self._failures = 0
        self._opened_at_ms: float | None = None
        self._probes: set[int] = set()  # under way, of this opening
        self._latest = 0
        self._unheard = 0  # the one of which no word came yet; 0: none

    @property
    def opened(self) -> bool:
        """Is True when it opened and has not closed since, rested or not."""
        return self._opened_at_ms is not None

    def state(self, now_ms: float) -> BreakerState:
        """Returns the state at this moment."""
        if self._opened_at_ms is None:
            return BreakerState.CLOSED
        rested = now_ms - self._opened_at_ms >= self._reset_ms
        return BreakerState.HALF_OPEN if rested else BreakerState.OPEN

    def rest_left_ms(self, now_ms: float) -> float:
        """Returns how long it lets no call through; 0 when it is closed or half open."""
        if self._opened_at_ms is None:
            return 0.0
        return max(0.0, self._opened_at_ms + self._reset_ms - now_ms)

    def admits(self, now_ms: float) -> bool:
        """Returns True when a call may begin now; half-open admits one until it is heard."""
        if self._opened_at_ms is None:
            return True
        full = self._unheard or len(self._probes) >= MOST_PROBES
        return not full and self.state(now_ms) is BreakerState.HALF_OPEN

    def began(self) -> int:
        """Notes that a call begins; returns its number as a probe, or 0. Ask `admits` first."""
        if self._opened_at_ms is None:
            return 0
        self._latest += 1
        self._probes.add(self._latest)
        self._unheard = self._latest
        return self._latest

    def heard(self, probe: int) -> None:
        """Notes the first words of a call, which make room for another probe and close nothing."""
        if probe == self._unheard:
            self._unheard = 0

    def succeeded(self, probe: int) -> None:
        """Notes a success. After the breaker opened, only the success of a probe closes it."""
        if self._opened_at_ms is None or probe in self._probes:
            self._failures = 0
            self._opened_at_ms = None
            self._probes.clear()
            self._unheard = 0

    def failed(self, now_ms: float, probe: int) -> None:
        """Notes a failure; the last one allowed, or a failed probe, opens the breaker.

        A probe that fails after another one has closed it is a failure like any other.
        """
        self._failures += 1
        closed = self._opened_at_ms is None
        if self._failures >= self._limit if closed else probe in self._probes:
            self._opened_at_ms = now_ms
        self._ended(probe)

    def refused(self, now_ms: float, probe: int) -> None:
        """Notes a failure that the next call would meet too: it opens the breaker at once."""
        self._failures = self._limit
        self._opened_at_ms = now_ms
        self._ended(probe)

    def abandoned(self, probe: int) -> None:
        """Notes a call that shows nothing of the replica's health, such as a cancelled one."""
        self._ended(probe)

    def _ended(self, probe: int) -> None:
        self._probes.discard(probe)
        self.heard(probe)
