"""Computes how budgets press on decisions before they are reached. Pure.

A budget presses in two ways: by a soft limit, and by a price of money. The price is the dual
variable of a budget constraint, as in adaptive pacing (Balseiro and Gur, Management Science 65(9),
2019, arXiv 1705.05930). A bidder with budget B over T rounds updates mu <- P(mu - eps * (B/T - z))
after each round that cost z, projected to [0, most], and values money at 1 + mu. The sum over the
rounds of a window, without the projection on the way, is

    lambda = P(SLOPE * (spent / limit - elapsed)),    projected to [0, MOST]

This depends on the books only, so it is the same for every worker and for replay. `decide` reads it
as the lambda of (1 + lambda)·c.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.money.budgets import WindowLimit, window_end, window_start
from router.types import NO_PRESSURE, Pressure

SLOPE = 50.0
"""Doubles the price of money when spending is two hundredths of the budget ahead of the clock. A
call is weighed against stakes of tens to thousands of times its cost, so a gentle slope changes
nothing before the budget is gone (docs/measurements.md has the figures, under decision 51)."""
MOST = 50.0
"""Limits the price: a dollar weighs at most 51. That happens when a whole budget is spent ahead of
the clock, and when the limit is 0."""


def money_price(spent_nano_usd: int, limit_nano_usd: int, elapsed: float) -> float:
    """Returns lambda, 0..MOST. `elapsed` is the past share of the window, 0..1.

    Half of the budget spent after two fifths of the day: 50 x (0.5 - 0.4) = 5.
    """
    if limit_nano_usd <= 0:
        return MOST
    ahead = spent_nano_usd / limit_nano_usd - elapsed
    return min(MOST, max(0.0, SLOPE * ahead))


def elapsed_share(limit: WindowLimit, now_ms: int) -> float:
    """Returns the past share of the limit's window, 0..1."""
    start_ms = window_start(limit.kind, now_ms)
    return (now_ms - start_ms) / (window_end(limit.kind, start_ms) - start_ms)


def pressure(limits: Sequence[WindowLimit], spent: Sequence[int], now_ms: int) -> Pressure:
    """Returns the pressure of all limits together.

    `spent` is the spent and held money in each limit's window, in nano-dollars. The level is
    lowered when any soft limit is reached. The highest of several prices applies.
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
