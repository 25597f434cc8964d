"""The values a plan's report is made of: what `build_plan` returns and every renderer reads.

Money is an integer of nano-dollars, shares are 0..1, `None` means that there is no such figure and
is never 0. It knows nothing about plan files or how figures are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from router.plan.present_value import Crossing


class Group(StrEnum):
    """What a line of cost is for."""

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
class Amount:
    """One line over one stretch of time; `count` times `unit_nano_usd` where it is counted."""

    group: Group
    name: str
    nano_usd: int
    count: Fraction | None = None  # calls, or hours of people
    unit_nano_usd: Fraction | None = None


@dataclass(frozen=True, slots=True)
class CostLine:
    """One line at full operation in the first year's volume, by the day, the month, the year."""

    group: Group
    name: str
    count_per_day: float | None  # calls, or hours
    unit_nano_usd: float | None
    day_nano_usd: int
    month_nano_usd: int
    year_nano_usd: int


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two ways: its lines and what they sum to."""

    name: str
    lines: tuple[CostLine, ...]
    per_request_nano_usd: float  # of one more request; a mean over the mix, so not whole
    fixed_month_nano_usd: int

    @property
    def day_nano_usd(self) -> int:
        """All lines, by the day."""
        return sum(line.day_nano_usd for line in self.lines)

    @property
    def month_nano_usd(self) -> int:
        """All lines, by the month."""
        return sum(line.month_nano_usd for line in self.lines)

    @property
    def year_nano_usd(self) -> int:
        """All lines, by the year."""
        return sum(line.year_nano_usd for line in self.lines)


@dataclass(frozen=True, slots=True)
class CrossingPoint:
    """A break-even: which fixed costs must be covered, and by how many requests."""

    key: str  # running | with_one_off
    label: str
    fixed_month_nano_usd: int  # what the tiers have more of than the general model
    crossing: Crossing
    requests_per_month: int | None  # whole, rounded up
    requests_per_day: float | None


@dataclass(frozen=True, slots=True)
class RatioRow:
    """The break-even if the general model cost so many times what a request costs here."""

    ratio: float
    own_nano_usd: float
    crossing: Crossing
    requests_per_month: int | None
    is_plan: bool  # the ratio of this very plan


@dataclass(frozen=True, slots=True)
class Year:
    """One year of the plan; year 0 holds what is paid once."""

    year: int
    requests: float
    own_nano_usd: int
    general_nano_usd: int
    discounted_own_nano_usd: int
    discounted_general_nano_usd: int
    saved_so_far_nano_usd: int  # discounted, from the start
    lines: tuple[Amount, ...]  # of the own cost

    @property
    def saved_nano_usd(self) -> int:
        """General minus own, signed, not discounted."""
        return self.general_nano_usd - self.own_nano_usd

    @property
    def discounted_saved_nano_usd(self) -> int:
        """The same at today's value."""
        return self.discounted_general_nano_usd - self.discounted_own_nano_usd


@dataclass(frozen=True, slots=True)
class Totals:
    """The whole horizon."""

    own_nano_usd: int
    general_nano_usd: int
    discounted_own_nano_usd: int
    discounted_general_nano_usd: int
    one_off_nano_usd: int
    payback_months: float | None  # None: not within the horizon
    return_on_one_off: float | None  # None: nothing is paid once
    internal_rate: float | None

    @property
    def saved_nano_usd(self) -> int:
        """General minus own, signed, not discounted."""
        return self.general_nano_usd - self.own_nano_usd

    @property
    def net_present_value_nano_usd(self) -> int:
        """The same at today's value."""
        return self.discounted_general_nano_usd - self.discounted_own_nano_usd


@dataclass(frozen=True, slots=True)
class Swing:
    """What moving one input down and up does to the net present value."""

    name: str
    low: str  # the moved input, for people
    high: str
    low_nano_usd: int  # net present value with the input moved down
    high_nano_usd: int

    @property
    def width_nano_usd(self) -> int:
        """How far apart the two are: what the tornado is ordered by."""
        return abs(self.high_nano_usd - self.low_nano_usd)


@dataclass(frozen=True, slots=True)
class PlanReport:
    """Everything a plan's report says. Renderers add nothing but form."""

    name: str
    headline: str
    verdicts: tuple[str, ...]  # the further sentences: break-even, horizon
    requests_per_day: float
    days_per_year: int
    discount_rate: float
    swing: float
    own: Side
    general: Side
    one_off: tuple[Amount, ...]
    break_even: tuple[CrossingPoint, ...]
    ratios: tuple[RatioRow, ...]
    years: tuple[Year, ...]
    totals: Totals
    swings: tuple[Swing, ...]
    assumptions: tuple[str, ...]

    @property
    def saved_share(self) -> float | None:
        """Of the general model's month; None where that costs nothing."""
        general = self.general.month_nano_usd
        return (general - self.own.month_nano_usd) / general if general > 0 else None
