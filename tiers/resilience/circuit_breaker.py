"""Breaks the circuit to one replica: closed, open, half-open. Pure; the caller passes the time.

Closed lets every call through and counts failures in a row. Open lets none through until its rest
is over. Half-open then lets one probe through: its success closes, its failure opens again. The
next probe may begin once words of this one have come, since the stream of a healthy replica may
take minutes. A failure that the request itself may have caused names its caller: failures of one
caller alone leave out that caller and nobody else. It knows nothing about what a call is.
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

    Of the failures that name a caller, one caller's count for half of `failures` at most, so two
    callers at least must meet them before the breaker opens for everybody.
    """

    __slots__ = (
        "_callers", "_failures", "_latest", "_limit", "_only", "_opened", "_opened_at_ms",
        "_probes", "_reset_ms", "_unheard",
    )  # fmt: skip

    def __init__(self, failures: int, reset_ms: float) -> None:
        self._limit = failures
        self._reset_ms = reset_ms
        self._failures = 0  # that name no caller
        self._callers: dict[str, int] = {}  # failures that the calls of each may have caused
        self._opened_at_ms: float | None = None
        self._opened = False
        self._only = ""  # the caller whose calls alone it stops; "": those of all
        self._probes: set[int] = set()  # under way, of this opening
        self._latest = 0
        self._unheard = 0  # the one of which no word came yet; 0: none

    @property
    def opened(self) -> bool:
        """Is True when it opened for all callers and none succeeded since, rested or not."""
        return self._opened

    @property
    def only(self) -> str:
        """Names the one caller whose calls it stops; "" where it stops all, or none."""
        return self._only

    def state(self, now_ms: float) -> BreakerState:
        """Returns the state at this moment for a caller who is not left out alone."""
        if self._opened_at_ms is None or not self._opened:
            return BreakerState.CLOSED
        rested = bool(self._only) or now_ms - self._opened_at_ms >= self._reset_ms
        return BreakerState.HALF_OPEN if rested else BreakerState.OPEN

    def rest_left_ms(self, now_ms: float) -> float:
        """Returns how long it lets no call through; 0 when it is closed or half open."""
        if self._opened_at_ms is None:
            return 0.0
        return max(0.0, self._opened_at_ms + self._reset_ms - now_ms)

    def admits(self, now_ms: float, caller: str = "") -> bool:
        """Returns True when a call may begin now; half-open admits one until it is heard."""
        if not self._stops(caller):
            return True
        full = self._unheard or len(self._probes) >= MOST_PROBES
        return not full and self.rest_left_ms(now_ms) <= 0.0

    def _stops(self, caller: str) -> bool:
        return self._opened_at_ms is not None and self._only in ("", caller)

    def began(self, caller: str = "") -> int:
        """Notes that a call begins; returns its number as a probe, or 0. Ask `admits` first."""
        if not self._stops(caller):
            return 0
        self._latest += 1
        self._probes.add(self._latest)
        self._unheard = self._latest
        return self._latest

    def heard(self, probe: int) -> None:
        """Notes the first words of a call, which make room for another probe and close nothing."""
        if probe == self._unheard:
            self._unheard = 0

    def succeeded(self, probe: int, caller: str = "") -> None:
        """Notes a success. After the breaker opened, only the success of a probe closes it.

        The success of another than the caller it leaves out closes it for all but that one.
        """
        if self._opened_at_ms is None or probe in self._probes:
            self._opened_at_ms = None
            self._only = ""
            self._probes.clear()
            self._unheard = 0
        elif self._stops(caller):
            return
        self._opened = False
        self._failures = 0
        self._callers.clear()

    def failed(self, now_ms: float, probe: int, caller: str = "") -> None:
        """Notes a failure; the last one allowed, or a failed probe, opens the breaker.

        `caller` names whose call it was where the call itself may have caused the failure. A probe
        that fails after another one has closed it is a failure like any other.
        """
        if caller:
            self._callers[caller] = self._callers.get(caller, 0) + 1
        else:
            self._failures += 1
        own = self._callers.get(caller, 0)
        if probe in self._probes:
            self._open(now_ms, self._left_out_by_probe(caller))
        elif self._opened_at_ms is None and own >= self._limit and self._alone(caller):
            self._open(now_ms, caller)
        elif (self._opened_at_ms is None or self._only not in ("", caller)) and self._full():
            self._open(now_ms, "")
        self._ended(probe)

    def _left_out_by_probe(self, caller: str) -> str:
        """Returns whose calls alone are stopped after a failed probe; "": those of all."""
        if caller:
            return caller if self._only in ("", caller) else ""
        return "" if self._opened else self._only

    def _alone(self, caller: str) -> bool:
        return not self._failures and len(self._callers) == 1

    def _full(self) -> bool:
        most = (self._limit + 1) // 2
        return self._failures + sum(min(n, most) for n in self._callers.values()) >= self._limit

    def _open(self, now_ms: float, only: str) -> None:
        self._opened_at_ms = now_ms
        self._only = only
        self._opened = self._opened or not only

    def refused(self, now_ms: float, probe: int) -> None:
        """Notes a failure that the next call would meet too: it opens the breaker at once."""
        self._failures = self._limit
        self._open(now_ms, "")
        self._ended(probe)

    def abandoned(self, probe: int) -> None:
        """Notes a call that shows nothing of the replica's health, such as a cancelled one."""
        self._ended(probe)

    def _ended(self, probe: int) -> None:
        self._probes.discard(probe)
        self.heard(probe)
