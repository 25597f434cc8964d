"""Describes rate limits: the amounts asked of a rate, the rest, and the limiter's Protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class RateAsk(Struct, frozen=True):
    """Asks for an amount of one rate. The bucket carries the tenant ("" for a limit of several)."""

    tenant: str
    name: str  # the other parts of the limit's name, and the unit
    unit: str  # requests | tokens
    limit: int  # per minute
    amount: int  # negative to correct an estimate that was too high


class RateState(Struct, frozen=True):
    """Holds the rest of one rate."""

    unit: str
    limit: int
    remaining: int
    reset_ms: int  # until the whole limit is free again


class RateTaken(Struct, frozen=True):
    """Holds the result of asking several rates at once: all were taken from, or none.

    `refused` is the index of the rate that was farthest from admitting the request. It will admit
    it in `retry_ms`. A `retry_ms` of -1 means never: the request asks for more than a whole minute
    allows.
    """

    states: tuple[RateState, ...]
    refused: int | None = None
    retry_ms: int = 0


class RateLimiter(Protocol):
    """Limits the rates of all tenants. The tenant is part of every key. Raises LedgerError."""

    async def take(self, asks: Sequence[RateAsk]) -> RateTaken:
        """Takes from all of these rates, or from none."""
        ...

    async def correct(self, asks: Sequence[RateAsk]) -> None:
        """Takes more, or returns the excess of an estimate. Never refuses."""
        ...
