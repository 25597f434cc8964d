"""How budgets press on decisions before they are reached: a soft limit, and a price of money. Pure.

The price is the dual variable of a budget constraint, as in adaptive pacing (Balseiro and Gur,
Management Science 65(9), 2019, arXiv 1705.05930): a bidder with budget B over T rounds keeps
mu <- P(mu - eps * (B/T - z)) after each round that cost z, projected to [0, most], and values money
at 1 + mu. Summed over the rounds of a window, without the projection on the way, that is

    lambda = P(SLOPE * (spent / limit - elapsed)),    projected to [0, MOST]

which is a function of the books alone: the same for every worker, and for replay. `decide` reads
it as the lambda of (1 + lambda)·c.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.money.budgets import WindowLimit, window_end, window_start
from router.types import NO_PRESSURE, Pressure

SLOPE = 50.0
"""Two hundredths of the budget ahead of the clock double the price of money. A call is weighed
against stakes of tens to thousands of times its cost, so a gentle slope changes nothing before the
budget is gone (docs/bench.md has the figures, under decision 51)."""
MOST = 50.0
"""A dollar weighs at most 51: from a whole budget ahead of the clock, and where the limit is 0."""


def money_price(spent_nano_usd: int, limit_nano_usd: int, elapsed: float) -> float:
    """Lambda, 0..MOST; `elapsed` is the share of the window that is past, 0..1.

    Half of the budget spent after two fifths of the day: 50 x (0.5 - 0.4) = 5.
    """
    if limit_nano_usd <= 0:
        return MOST
    ahead = spent_nano_usd / limit_nano_usd - elapsed
    return min(MOST, max(0.0, SLOPE * ahead))


def elapsed_share(limit: WindowLimit, now_ms: int) -> float:
    """How much of the limit's window is past, 0..1."""
    start_ms = window_start(limit.kind, now_ms)
    return (now_ms - start_ms) / (window_end(limit.kind, start_ms) - start_ms)


def pressure(limits: Sequence[WindowLimit], spent: Sequence[int], now_ms: int) -> Pressure:
    """What all limits together say; `spent` is spent and held in each one's window, nano-dollars.

    The level is lowered where any soft limit is reached; of several prices the highest holds.
    """
    if not limits:
        return NO_PRESSURE
    lower, price = False, 0.0
    for limit, nano_usd in zip(limits, spent, strict=True):
        share = limit.soft_share
        lower = lower or (share is not None and nano_usd >= share * limit.nano_usd)
        if limit.pacing:
            elapsed = elapsed_share(limit, now_ms)
            price = max(price, money_price(nano_usd, limit.nano_usd, elapsed))
    return Pressure(lower, price)
