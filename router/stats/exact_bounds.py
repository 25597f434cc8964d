"""Exact bounds of a binomial rate, in plain floating point. No tables, no third party.

Clopper and Pearson, Biometrika 26 (1934): the upper bound of k wrong among n is the rate at which
k or fewer would be seen with chance delta; it equals BetaInv(1 - delta; k + 1, n - k).
"""

from __future__ import annotations

import math

STEPS = 80
"""Halvings of [0, 1]: far below what a double can tell apart."""


def at_most(wrong: int, of: int, rate: float) -> float:
    """P(X <= wrong) for X ~ Binomial(of, rate), by the exact sum of its terms' logarithms.

    at_most(0, 299, 0.01) is 0.0495: why 299 right answers certify an error of 1 % at 95 %.
    """
    if rate <= 0.0 or wrong >= of:
        return 1.0
    if rate >= 1.0:
        return 0.0
    log_p, log_q = math.log(rate), math.log1p(-rate)
    whole = math.lgamma(of + 1)
    terms = [
        whole - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * log_p + (of - k) * log_q
        for k in range(wrong + 1)
    ]
    highest = max(terms)
    return min(1.0, math.exp(highest) * math.fsum(math.exp(one - highest) for one in terms))


def upper_bound(wrong: int, of: int, delta: float) -> float:
    """The rate that the true one is below with confidence 1 - delta; 1.0 where nothing was seen.

    upper_bound(0, 299, 0.05) is 0.00997; upper_bound(3, 300, 0.05) is 0.02564.
    """
    if of <= 0 or wrong >= of:
        return 1.0
    low, high = wrong / of, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if at_most(wrong, of, middle) > delta:
            low = middle
        else:
            high = middle
    return high


def lower_bound(wrong: int, of: int, delta: float) -> float:
    """The rate that the true one is above with confidence 1 - delta."""
    return 1.0 - upper_bound(of - wrong, of, delta) if of > 0 else 0.0


def needed_without_errors(risk: float, delta: float) -> int:
    """The fewest labels, all of them right, whose upper bound is at most `risk`.

    (1 - risk)^n <= delta; 299 for 1 % and 149 for 2 %, at 95 %.
    """
    guess = max(1, math.ceil(math.log(delta) / math.log1p(-risk)) - 2)
    return next(n for n in range(guess, guess + 6) if at_most(0, n, risk) <= delta)


def needed_at(rate: float, risk: float, delta: float, most: int = 10_000_000) -> int | None:
    """The fewest labels that certify `risk` if wrong answers go on at `rate`; None: none would.

    At half the risk: 1,182 for 1 % at 95 %; wrong answers are rounded up to whole ones.
    """
    if rate >= risk:
        return None
    low, high = 1, needed_without_errors(risk, delta)
    while high <= most and not _certifies(rate, high, risk, delta):
        low, high = high, 2 * high
    if high > most:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _certifies(rate, middle, risk, delta) else (middle + 1, high)
    return low


def _certifies(rate: float, of: int, risk: float, delta: float) -> bool:
    return at_most(math.ceil(rate * of), of, risk) <= delta
