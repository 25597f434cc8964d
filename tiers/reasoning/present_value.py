"""Works out present values: for claims in a text exactly, for a worksheet in floats. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

Number = TypeVar("Number", float, Fraction)


def npv(rate: Number, flows: Sequence[Number]) -> Number:
    """Returns the present value of flows at the ends of years 0, 1, 2 and so on.

    At 10 %, -100 now and 121 after two years are worth 0: -100 + 0 / 1.1 + 121 / 1.21.

    >>> round(npv(0.08, [-2_000_000, 700_000, 900_000, 1_100_000]))
    292969
    """
    growth = 1 + rate
    return sum((flow / growth**year for year, flow in enumerate(flows)), type(rate)(0))
