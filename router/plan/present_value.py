"""Values money over time: present value, internal rate, payback, break-even.

The functions take numbers in exact fractions and know nothing about plans. Flows are signed: income
and savings are positive. The first flow is today's, each next one is a period later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import pairwise

IRR_STEPS = 60
"""Counts halvings of the bracket: the rest is below 1e-12 of it; people read four digits of a rate.
"""

HIGHEST_RATE = Fraction(1_000_000)
"""Bounds an internal rate: above it (100,000,000 % a year) a rate says no more than "at once"."""


def present_values(flows: Sequence[Fraction], rate: Fraction) -> tuple[Fraction, ...]:
    """Returns each flow's present value: flow / (1 + rate)^t, t = 0, 1, ...

    Brealey, Myers and Allen, Principles of Corporate Finance, chapter 2. At 10 %, 121 in two years
    is worth 100 today.

    >>> [int(value) for value in present_values([Fraction(-90), Fraction(0), Fraction(121)],
    ...                                         Fraction(1, 10))]
    [-90, 0, 100]
    """
    return tuple(flow / (1 + rate) ** t for t, flow in enumerate(flows))


def internal_rate(flows: Sequence[Fraction]) -> float | None:
    """Returns the rate at which the present values sum to 0 (Brealey, Myers and Allen, chapter 5).

    Returns None where there is no single such rate: the flows must begin negative and change sign
    once (Descartes' rule of signs). -100 today and 110 in a year is 10 %.

    >>> internal_rate([Fraction(-100), Fraction(110)])
    0.1
    """
    signs = [flow > 0 for flow in flows if flow]
    changes = sum(a != b for a, b in pairwise(signs))
    if not signs or signs[0] or changes != 1:
        return None
    # -100 % makes the value infinite, so the bracket begins just above it.
    low, high = -1.0 + 1e-9, 1.0
    known = [float(flow) for flow in flows]
    # Doubles until the value changes sign, so that any realistic rate is bracketed.
    while _value_at(known, high) > 0:
        if high >= HIGHEST_RATE:
            return None
        high = min(high * 2, float(HIGHEST_RATE))
    for _ in range(IRR_STEPS):
        middle = (low + high) / 2
        # With one change of sign the value is positive below the root and negative above it.
        low, high = (middle, high) if _value_at(known, middle) > 0 else (low, middle)
    return round((low + high) / 2, 9)


def _value_at(flows: Sequence[float], rate: float) -> float:
    """Returns the present value times (1 + rate)^n, by Horner's scheme.

    It has the same sign as the present value, and needs no division by a number close to 0.
    """
    value = 0.0
    for flow in flows:
        value = value * (1 + rate) + flow
    return value


def payback(invested: Fraction, flows: Sequence[Fraction]) -> Fraction | None:
    """Returns the number of periods until the flows have repaid the investment, undiscounted.

    The last period's flow counts as spread evenly over that period. Returns None where the given
    flows never repay it, and 0 where nothing was invested. 100 invested and 40 a month: 2.5 months.

    >>> payback(Fraction(100), [Fraction(40)] * 4)
    Fraction(5, 2)
    """
    open_sum = invested
    if open_sum <= 0:
        return Fraction(0)
    for period, flow in enumerate(flows):
        if flow >= open_sum:
            return period + open_sum / flow
        open_sum -= flow
    return None


def return_on(invested: Fraction, gained: Fraction) -> Fraction | None:
    """Returns (gained - invested) / invested; None where nothing was invested.

    >>> return_on(Fraction(200), Fraction(500))
    Fraction(3, 2)
    """
    return (gained - invested) / invested if invested > 0 else None


def up(number: Fraction) -> int:
    """Rounds up to a whole number, as the ledger books nano-dollars and as requests are counted.

    >>> up(Fraction(7, 2)), up(Fraction(3))
    (4, 3)
    """
    return -int(-number // 1)


class Crossing(Enum):
    """Names the result of a comparison: from which volume on the own way is the cheaper one."""

    REACHED = "reached"  # from the stated volume on
    AT_ONCE = "at_once"  # at any volume: no more is fixed, and each request costs less
    UP_TO = "up_to"  # only below the stated volume: less is fixed, but each request costs more
    NEVER = "never"  # each request costs as much or more, and more is fixed


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Holds the meeting point of two straight cost lines; `requests` is None where they do not
    meet.
    """

    crossing: Crossing
    requests: Fraction | None


def break_even(fixed: Fraction, own: Fraction, general: Fraction) -> BreakEven:
    """Returns the volume where fixed + own x volume = general x volume: fixed / (general - own).

    This is cost-volume-profit analysis: fixed costs over the contribution of one unit (Horngren,
    Datar and Rajan, Cost Accounting, chapter 3). `fixed` is the own way's fixed cost minus the
    general model's; it may be negative. At $0.0001 a request against $0.002, 500 / 0.0019 = 263,158
    requests cover $500 of fixed costs.

    >>> int(break_even(Fraction(500), Fraction("0.0001"), Fraction("0.002")).requests) + 1
    263158
    """
    # A request costs less here if the gain is positive.
    gain = general - own
    if gain <= 0 and fixed >= 0:
        return BreakEven(Crossing.NEVER, None)
    if gain >= 0 and fixed <= 0:
        return BreakEven(Crossing.AT_ONCE, None)
    crossing = Crossing.REACHED if gain > 0 else Crossing.UP_TO
    return BreakEven(crossing, fixed / gain)
