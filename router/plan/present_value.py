"""What money does over time: present value, internal rate, payback, break-even.

Functions of numbers alone, in exact fractions; they know nothing about plans. Flows are signed:
what comes in, or is saved, is positive. The first flow is today's, each next one a period later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import pairwise

IRR_STEPS = 60
"""Halvings of the bracket: below 1e-12 of it, where any rate that people read has four digits."""

HIGHEST_RATE = Fraction(1_000_000)
"""An internal rate above this (100,000,000 % a year) says no more than "at once"."""


def present_values(flows: Sequence[Fraction], rate: Fraction) -> tuple[Fraction, ...]:
    """Each flow's present value: flow / (1 + rate)^t, t = 0, 1, ...

    Brealey, Myers and Allen, Principles of Corporate Finance, chapter 2. At 10 %, 121 in two years
    is worth 100 today.

    >>> [int(value) for value in present_values([Fraction(-90), Fraction(0), Fraction(121)],
    ...                                         Fraction(1, 10))]
    [-90, 0, 100]
    """
    return tuple(flow / (1 + rate) ** at for at, flow in enumerate(flows))


def net_present_value(flows: Sequence[Fraction], rate: Fraction) -> Fraction:
    """The sum of the present values; at rate 0 the plain sum."""
    return sum(present_values(flows, rate), Fraction(0))


def internal_rate(flows: Sequence[Fraction]) -> float | None:
    """The rate at which the present values sum to 0 (Brealey, Myers and Allen, chapter 5).

    None where there is no single one: the flows must begin negative and change sign once
    (Descartes' rule of signs). -100 today and 110 in a year is 10 %.

    >>> internal_rate([Fraction(-100), Fraction(110)])
    0.1
    """
    signs = [flow > 0 for flow in flows if flow]
    changes = sum(a != b for a, b in pairwise(signs))
    if not signs or signs[0] or changes != 1:
        return None
    low, high = -1.0 + 1e-9, 1.0
    known = [float(flow) for flow in flows]
    while _value_at(known, high) > 0:
        if high >= HIGHEST_RATE:
            return None
        high = min(high * 2, float(HIGHEST_RATE))
    for _ in range(IRR_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _value_at(known, middle) > 0 else (low, middle)
    return round((low + high) / 2, 9)


def _value_at(flows: Sequence[float], rate: float) -> float:
    """Present value times (1 + rate)^n, by Horner: the same sign, and no division by nearly 0."""
    value = 0.0
    for flow in flows:
        value = value * (1 + rate) + flow
    return value


def payback(invested: Fraction, flows: Sequence[Fraction]) -> Fraction | None:
    """After how many periods the flows have returned what was invested, undiscounted.

    Within the period that completes it the flow is taken as even. None where the flows given never
    do. 100 invested and 40 a month: 2.5 months. 0 where nothing was invested.

    >>> payback(Fraction(100), [Fraction(40)] * 4)
    Fraction(5, 2)
    """
    open_sum = invested
    if open_sum <= 0:
        return Fraction(0)
    for at, flow in enumerate(flows):
        if flow >= open_sum:
            return at + open_sum / flow
        open_sum -= flow
    return None


def return_on(invested: Fraction, gained: Fraction) -> Fraction | None:
    """(gained - invested) / invested; None where nothing was invested.

    >>> return_on(Fraction(200), Fraction(500))
    Fraction(3, 2)
    """
    return (gained - invested) / invested if invested > 0 else None


def up(number: Fraction) -> int:
    """Rounded up to a whole one: nano-dollars as the ledger books them, requests that it takes.

    >>> up(Fraction(7, 2)), up(Fraction(3))
    (4, 3)
    """
    return -int(-number // 1)


class Crossing(Enum):
    """Whether more requests make the own way the cheaper one."""

    REACHED = "reached"  # from the stated volume on
    AT_ONCE = "at_once"  # at any volume: no more is fixed, and each request costs less
    UP_TO = "up_to"  # only below the stated volume: less is fixed, but each request costs more
    NEVER = "never"  # each request costs as much or more, and more is fixed


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Where two straight lines of cost meet; `requests` is None where they do not."""

    crossing: Crossing
    requests: Fraction | None


def break_even(fixed: Fraction, own: Fraction, general: Fraction) -> BreakEven:
    """The volume at which fixed + own x volume = general x volume: fixed / (general - own).

    Cost-volume-profit analysis: fixed costs over the contribution of one unit (Horngren, Datar and
    Rajan, Cost Accounting, chapter 3). `fixed` is what the own way has more of; it may be negative.
    At $0.0001 a request against $0.002, $500 fixed are covered by 500 / 0.0019 = 263,158 requests.

    >>> int(break_even(Fraction(500), Fraction("0.0001"), Fraction("0.002")).requests) + 1
    263158
    """
    gain = general - own
    if gain <= 0 and fixed >= 0:
        return BreakEven(Crossing.NEVER, None)
    if gain >= 0 and fixed <= 0:
        return BreakEven(Crossing.AT_ONCE, None)
    crossing = Crossing.REACHED if gain > 0 else Crossing.UP_TO
    return BreakEven(crossing, fixed / gain)
