"""The machine's clock and fresh ids: the two things that are different at every call."""

from __future__ import annotations

import secrets
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, as in ULIDs
PAIRS = [a + b for a in ALPHABET for b in ALPHABET]
SHIFTS = range(120, -1, -10)  # 130 bits, two characters at a time


class SystemClock:
    """types.Clock over the operating system."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> float:
        """Milliseconds of a clock that never goes back."""
        return time.monotonic_ns() / 1e6


class UlidIds:
    """types.Ids: 48 bits of time, 80 random bits, 26 characters, sortable by time."""

    def new(self) -> str:
        """A fresh id, in lower case."""
        value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
        return "".join([PAIRS[(value >> shift) & 1023] for shift in SHIFTS])
