"""How fast may be asked: what counts in a rate, what is left of it, and where that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class RateAsk(Struct, frozen=True):
    """So much of one rate. Its bucket is named by the tenant ("" where a limit is of several)."""

    tenant: str
    name: str  # what else the limit names, and the unit
    unit: str  # requests | tokens
    limit: int  # per minute
    amount: int  # may be negative where an estimate is corrected


class RateState(Struct, frozen=True):
    """What is left of one rate."""

    unit: str
    limit: int
    remaining: int
    reset_ms: int  # until all of it is there again


class RateTaken(Struct, frozen=True):
    """What became of asking several rates at once: all were taken from, or none.

    `refused` is the index of the rate that was the farthest from admitting it, which it will in
    `retry_ms`; -1 there: never, since more was asked for than a whole minute has.
    """

    states: tuple[RateState, ...]
    refused: int | None = None
    retry_ms: int = 0


class RateLimiter(Protocol):
    """Rates of all tenants; the tenant is part of every key. Raises LedgerError."""

    async def take(self, asks: Sequence[RateAsk]) -> RateTaken:
        """Take from all of these, or from none."""
        ...

    async def correct(self, asks: Sequence[RateAsk]) -> None:
        """Take more, or give back what an estimate took too much; never refused."""
        ...
