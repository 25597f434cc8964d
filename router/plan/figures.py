"""Defines the values of a plan's report: `build_plan` returns them and every renderer reads them.

Money is an integer of nano-dollars, shares are 0..1. `None` means that a figure does not exist; it
is never 0. This module knows nothing about plan files or about how figures are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from router.plan.present_value import Crossing


class Group(StrEnum):
    """Names the purpose of a line of cost."""

    STEPS = "steps"
    TIERS = "tiers"
    DRAFTS = "drafts thrown away"
    REVIEWS = "reviews"
    HOSTING = "hosting"
    PEOPLE = "people"
    TRAINING = "training"
    ONE_OFF = "one-off"
    GENERAL = "general model"


@dataclass(frozen=True, slots=True)
class PlanLine:
    """Holds one line over a stretch of time; a counted one is `count` times `unit_nano_usd`."""

    group: Group
    name: str
    nano_usd: int
    count: Fraction | None = None  # calls, or hours of people
    unit_nano_usd: Fraction | None = None


@dataclass(frozen=True, slots=True)
class CostLine:
    """Holds one line at full operation and the first year's volume: per day, month and year."""

    group: Group
    name: str
    count_per_day: float | None  # calls, or hours
    unit_nano_usd: float | None
    day_nano_usd: int
    month_nano_usd: int
    year_nano_usd: int


@dataclass(frozen=True, slots=True)
class Side:
    """Holds one of the two ways: its lines and their sums."""

    name: str
    lines: tuple[CostLine, ...]
    per_request_nano_usd: float  # of one more request; a mean over the mix, so it is not whole
    fixed_month_nano_usd: int
    requests_per_day: float

    @property
    def whole_request_nano_usd(self) -> float:
        """Returns the cost of a request with its part of the fixed costs; 0.0 without requests."""
        return self.day_nano_usd / self.requests_per_day if self.requests_per_day else 0.0

    @property
    def day_nano_usd(self) -> int:
        """Sums all lines of a day."""
        return sum(line.day_nano_usd for line in self.lines)

    @property
    def month_nano_usd(self) -> int:
        """Sums all lines of a month."""
        return sum(line.month_nano_usd for line in self.lines)

    @property
    def year_nano_usd(self) -> int:
        """Sums all lines of a year."""
        return sum(line.year_nano_usd for line in self.lines)


@dataclass(frozen=True, slots=True)
class CrossingPoint:
    """Holds a break-even: the fixed costs to cover, and the number of requests that covers them."""

    key: str  # running | with_one_off
    label: str
    fixed_month_nano_usd: int  # the tiers' fixed costs minus those of the general model
    crossing: Crossing
    requests_per_month: int | None  # whole, rounded up
    requests_per_day: float | None


@dataclass(frozen=True, slots=True)
class RatioRow:
    """Holds the break-even if a request at the general model cost `ratio` times one here."""

    ratio: float
    own_nano_usd: float
    crossing: Crossing
    requests_per_month: int | None
    is_plan: bool  # True for the ratio of this very plan


@dataclass(frozen=True, slots=True)
class BothWays:
    """Holds what a time costs with own tiers, and with the general model alone."""

    own_nano_usd: int
    general_nano_usd: int
    discounted_own_nano_usd: int
    discounted_general_nano_usd: int

    @property
    def saved_nano_usd(self) -> int:
        """Returns general minus own cost: signed, not discounted."""
        return self.general_nano_usd - self.own_nano_usd

    @property
    def discounted_saved_nano_usd(self) -> int:
        """Returns general minus own cost: signed, at today's value."""
        return self.discounted_general_nano_usd - self.discounted_own_nano_usd


@dataclass(frozen=True, slots=True)
class Year(BothWays):
    """Holds one year of the plan; year 0 holds the costs that are paid once."""

    year: int
    requests: float
    saved_so_far_nano_usd: int  # discounted, from the start
    lines: tuple[PlanLine, ...]  # of the own cost


@dataclass(frozen=True, slots=True)
class Totals(BothWays):
    """Sums the whole horizon."""

    one_off_nano_usd: int
    payback_months: float | None  # None: not within the horizon
    return_on_one_off: float | None  # None: nothing is paid once
    internal_rate: float | None

    @property
    def net_present_value_nano_usd(self) -> int:
        """Returns the discounted savings of the whole horizon, signed."""
        return self.discounted_saved_nano_usd


@dataclass(frozen=True, slots=True)
class Swing:
    """Describes how the net present value changes when one input moves down and up."""

    name: str
    low: str  # the moved input, for people
    high: str
    low_nano_usd: int  # net present value with the input moved down
    high_nano_usd: int

    @property
    def width_nano_usd(self) -> int:
        """Returns the distance between the two values; the tornado chart is ordered by it."""
        return abs(self.high_nano_usd - self.low_nano_usd)


@dataclass(frozen=True, slots=True)
class PlanReport:
    """Holds every figure and sentence of a plan's report. Renderers add only form."""

    name: str
    headline: str
    verdicts: tuple[str, ...]  # the further sentences: break-even, horizon
    requests_per_day: float
    days_per_year: int
    discount_rate: float
    swing: float
    own: Side
    general: Side
    one_off: tuple[PlanLine, ...]
    break_even: tuple[CrossingPoint, ...]
    ratios: tuple[RatioRow, ...]
    years: tuple[Year, ...]
    totals: Totals
    swings: tuple[Swing, ...]
    assumptions: tuple[str, ...]

    @property
    def saved_share(self) -> float | None:
        """Returns the share of the general model's month that is saved; None where that costs
        nothing.
        """
        general = self.general.month_nano_usd
        return (general - self.own.month_nano_usd) / general if general > 0 else None
