"""Computes exact bounds of a binomial rate in plain floating point, without tables or libraries.

Source: Clopper and Pearson, Biometrika 26 (1934). The upper bound of k wrong among n is the rate at
which k or fewer would occur with probability delta. It equals BetaInv(1 - delta; k + 1, n - k).
"""

from __future__ import annotations

import math
from collections.abc import Callable

STEPS = 80
"""Halvings of [0, 1]: the remaining interval is far below the precision of a double."""


def at_most(wrong: int, of: int, rate: float) -> float:
    """Returns P(X <= wrong) for X ~ Binomial(of, rate), the exact sum in logarithms of its terms.

    at_most(0, 299, 0.01) is 0.0495, so 299 right answers certify an error of 1 % at 95 %.
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
    # The largest term is taken out of the sum, so that exp() does not underflow.
    highest = max(terms)
    return min(1.0, math.exp(highest) * math.fsum(math.exp(term - highest) for term in terms))


def upper_bound(wrong: int, of: int, delta: float) -> float:
    """Returns the rate below which the true rate lies with confidence 1 - delta; 1.0 without rows.

    upper_bound(0, 299, 0.05) is 0.00997; upper_bound(3, 300, 0.05) is 0.02564.
    """
    if of <= 0 or wrong >= of:
        return 1.0
    # The bound lies above the observed share; bisection narrows the interval down to it.
    low, high = wrong / of, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if at_most(wrong, of, middle) > delta:
            low = middle
        else:
            high = middle
    return high


def lower_bound(wrong: int, of: int, delta: float) -> float:
    """Returns the rate above which the true rate lies with confidence 1 - delta; 0.0 without rows.

    By symmetry it is one minus the upper bound of the right answers.
    """
    return 1.0 - upper_bound(of - wrong, of, delta) if of > 0 else 0.0


MOST_LABELS = 10_000_000
"""Bounds the search: nobody labels more."""


def needed_without_errors(risk: float, delta: float) -> int:
    """Returns the fewest labels, all of them right, whose upper bound is at most `risk`.

    (1 - risk)^n <= delta; 299 for 1 % and 149 for 2 %, at 95 %.
    """
    # The closed form may be off by one through rounding; the exact sum decides near it.
    guess = max(1, math.ceil(math.log(delta) / math.log1p(-risk)) - 2)
    return next(n for n in range(guess, guess + 6) if at_most(0, n, risk) <= delta)


def needed_at(rate: float, risk: float, delta: float) -> int | None:
    """Returns the fewest labels that certify `risk` when wrong answers occur at `rate`.

    Returns None where MOST_LABELS are too few. At half the risk: 1,182 for 1 % at 95 %.
    Wrong answers are rounded up to whole ones.
    """
    if rate >= risk:
        return None
    least = needed_without_errors(risk, delta)
    return _fewest(lambda of: at_most(math.ceil(rate * of), of, risk) <= delta, least)


def needed_with(wrong: int, risk: float, delta: float) -> int | None:
    """Returns the fewest labels that certify `risk` when exactly `wrong` of them are wrong.

    Returns None where MOST_LABELS are too few. 2 % at 95 %: 149 with none, 236 with one.
    """
    least = needed_without_errors(risk, delta)
    return _fewest(lambda of: at_most(wrong, of, risk) <= delta, least)


def _fewest(certifies: Callable[[int], bool], least: int) -> int | None:
    """Returns the lowest number of labels that certifies, at most MOST_LABELS; None without one."""
    # Doubling finds an upper end, bisection the exact number below it.
    low, high = 1, least
    while high <= MOST_LABELS and not certifies(high):
        low, high = high, 2 * high
    if high > MOST_LABELS:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if certifies(middle) else (middle + 1, high)
    return low
