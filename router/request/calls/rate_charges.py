"""Counts a request in its rates, and corrects the counts when it is over.

`rate_limits.limits` computes the amounts.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.rate_limits.limits import RequestRates
from router.types import AttemptRow, ChatRequest


async def admit(rates: RequestRates, request: ChatRequest) -> None:
    """Counts the request itself. Raises RateLimited, LedgerError; then nothing was counted."""
    asks = rates.asks("", request)
    if asks:
        taken = await rates.limiter.take(asks)
        rates.took(asks, taken, request)
        rates.states = taken.states


async def count_call(rates: RequestRates | None, tier: str, request: ChatRequest) -> None:
    """Counts a call to a tier. Raises RateLimited, LedgerError; then nothing was counted."""
    asks = rates.asks(tier, request) if rates is not None else []
    if rates is not None and asks:
        rates.took(asks, await rates.limiter.take(asks), request)


async def settle(rates: RequestRates | None, attempts: Sequence[AttemptRow]) -> None:
    """Corrects estimates to what all calls used. Raises LedgerError."""
    asks = rates.corrections(attempts) if rates is not None else []
    if rates is not None and asks:
        await rates.limiter.correct(asks)
