"""Reads the machine's clock and makes fresh ids: the two values that differ at every call."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, as in ULIDs
PAIRS = [a + b for a in ALPHABET for b in ALPHABET]
OF_BYTE = bytes(ord(ALPHABET[byte & 31]) for byte in range(256))  # five random bits per character


MOST_AHEAD_MS = 24 * 3_600_000
"""Bounds the lead of the reported time over the machine's: a day covers a wrong time zone.

A clock that is set back by more was wrong before, so its new time is believed.
"""


class SystemClock:
    """Implements `types.Clock` over the operating system; its time never goes back by a set clock.

    Otherwise budgets, expiring keys and leases would see an hour twice. Where the machine's clock
    is behind the last reported time, the reported time goes on at half its pace until the machine's
    clock has caught up. A clock that is set forward is followed at once. Threads may share it.
    """

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._told = wall_ns(), monotonic_ns()  # the last reported time, and when it was reported

    def now_ms(self) -> int:
        """Returns milliseconds since the epoch."""
        wall, monotonic = self._wall_ns(), self._monotonic_ns()
        last, before = self._told
        # The time never stands still, so that rows written now keep their order.
        slow = last + (monotonic - before) // 2
        now = wall if wall >= slow or slow - wall > MOST_AHEAD_MS * 1_000_000 else slow
        self._told = now, monotonic
        return now // 1_000_000

    def not_before(self, ms: int) -> None:
        """Goes on from this time, milliseconds since the epoch, if the machine's clock is behind
        it.

        It is the latest time that the ledger knows, so a restart does not go back either.
        """
        ahead = ms - self.now_ms()
        if 0 < ahead <= MOST_AHEAD_MS:
            self._told = ms * 1_000_000, self._monotonic_ns()

    def ahead_s(self) -> float:
        """Returns by how many seconds the reported time is ahead of the machine's clock."""
        return max(0.0, self.now_ms() / 1e3 - self._wall_ns() / 1e9)

    def monotonic_ms(self) -> float:
        """Returns the milliseconds of a clock that never goes back."""
        return time.monotonic() * 1000.0


def chance() -> float:
    """Returns a fresh number, uniform in [0, 1), that nobody can predict."""
    # It decides explorations, whose chances a caller must not foresee.
    return random.SystemRandom().random()


RANDOM_CHARACTERS = 16
DRAWN_AT_ONCE = 256


class UlidIds:
    """Implements `types.Ids`: 48 bits of time, 80 random bits, 26 characters, sortable by time.

    Random bits are drawn for many ids at once. Each draw gives up the interpreter to waiting
    threads, and getting it back took 180 us of a request under load. Threads may share the ids
    (`next` is one step); a forked process draws its own.
    """

    def __init__(self) -> None:
        self._drawn: Iterator[str] = iter(())
        self._process = 0

    def new(self) -> str:
        """Returns a fresh id, in lower case."""
        # A fork copies the drawn bits, and two processes must not make the same ids.
        random = next(self._drawn, None) if os.getpid() == self._process else None
        if random is None:
            random = self._draw()
        ms = time.time_ns() // 1_000_000
        return (
            f"{PAIRS[ms >> 40]}{PAIRS[ms >> 30 & 1023]}{PAIRS[ms >> 20 & 1023]}"
            f"{PAIRS[ms >> 10 & 1023]}{PAIRS[ms & 1023]}{random}"
        )

    def _draw(self) -> str:
        size = RANDOM_CHARACTERS
        text = os.urandom(size * DRAWN_AT_ONCE).translate(OF_BYTE).decode()
        fresh = iter([text[i : i + size] for i in range(0, len(text), size)])
        first = next(fresh)
        self._drawn, self._process = fresh, os.getpid()
        return first
