"""Defines the schema of a plan file: volumes, prices, people's time, and the general model.

`tiergate plan` compares the tiers with that general model. This module knows nothing about files,
price lists or what follows from the figures. Shares and rates are fractions (0.2 is 20 %). Money is
in dollars, as people write it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from router.policy.sections.base import Chance, Section, Usd
from router.policy.sections.prices import PriceSection

Label = Annotated[str, Field(min_length=1, max_length=60)]
Hours = Annotated[float, Field(ge=0.0, le=1e6)]
Tokens = Annotated[int, Field(ge=0, le=10_000_000)]
YearlyChange = Annotated[float, Field(gt=-1.0, le=1.0)]

SHARES_OFF = Fraction(1, 100_000)
"""Bounds how far the sum of shares may be from 1; thirds written with six digits pass."""

HOURS_PER_MONTH = 730.0
"""Counts the hours of a machine that is never off: 365 x 24 / 12."""


def exact(number: float) -> Fraction:
    """Returns a number as it was written: 0.1 is a tenth, not the nearest binary fraction.

    >>> exact(0.0001) * 3
    Fraction(3, 10000)
    """
    return Fraction(str(number))


class PlanPrice(PriceSection):
    """States the price of one call: a fixed sum, token prices, own compute, or a model's price."""

    model: str | None = Field(
        default=None,
        description="Look the token prices up: the policy's `report.requested_models`, else its "
        "price book, else litellm's table.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> PlanPrice:
        ways = (self.model, self.list_price_usd, self.input_usd_per_mtok)
        # Own compute may be added to a model's or a token price, so it is not one of the ways.
        stated = sum(way is not None for way in ways)
        if stated > 1:
            raise ValueError("only one of model, list_price_usd and input_usd_per_mtok")
        if not stated and not self.compute_usd_per_hour:
            raise ValueError(
                "model, list_price_usd, input_usd_per_mtok with output_usd_per_mtok, or "
                "compute_usd_per_hour (list_price_usd: 0 where it costs nothing)"
            )
        return self

    @property
    def by_token(self) -> bool:
        """Returns True when token counts decide the cost of a call."""
        return self.model is not None or self.input_usd_per_mtok is not None


class Calls(Section):
    """Describes the size of one call: tokens, compute and reviews, without its price."""

    input_tokens: Tokens = Field(default=0, description="Per call, cached ones included.")
    cached_input_tokens: Tokens = Field(default=0, description="Of these, read from a cache.")
    output_tokens: Tokens = Field(default=0, description="Per call, reasoning included.")
    compute_s: float = Field(
        default=0.0, ge=0.0, le=3600.0, description="Seconds of own compute per call."
    )
    review_share: Chance = Field(default=0.0, description="Of its answers, those a person reads.")
    review_minutes: float = Field(
        default=0.0, ge=0.0, le=1e4, description="What a person takes for one of them."
    )
    price_change_per_year: YearlyChange = Field(
        default=0.0, description="-0.3: each year costs 30 % less than the one before."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Calls:
        if self.cached_input_tokens > self.input_tokens:
            raise ValueError("cached_input_tokens to be part of input_tokens, so not above them")
        # A share without minutes, or minutes without a share, would silently cost nothing.
        if (self.review_share > 0) != (self.review_minutes > 0):
            raise ValueError(
                "review_share and review_minutes together: one means nothing without the other"
            )
        return self

    def missing_sizes(self, price: PlanPrice) -> str:
        """Returns the sizes that this price needs and the file does not state; "" where none is
        missing.
        """
        if price.by_token and not self.input_tokens + self.output_tokens:
            return "input_tokens and output_tokens: this price is per token"
        if price.compute_usd_per_hour and not self.compute_s:
            return "compute_s: the seconds of own compute that a call takes"
        return ""


class PricedCalls(Calls):
    """Describes calls that have a price."""

    name: Label = Field(description="How tables and charts name it.")
    price: PlanPrice = Field(description="What one call costs.")

    @model_validator(mode="after")
    def _sizes(self) -> PricedCalls:
        if missing := self.missing_sizes(self.price):
            raise ValueError(missing)
        return self


class PlannedStep(PricedCalls):
    """Describes a step before any tier answers: triage, or one of several heads."""

    share: Chance = Field(default=1.0, description="Of all requests, those that reach this step.")


class PlannedTier(PricedCalls):
    """Describes a tier; each request is answered by one tier."""

    share: Chance | None = Field(default=None, description="Of all requests, those answered here.")
    requests_per_day: float | None = Field(
        default=None, ge=0.0, le=1e12, description="Instead of `share`."
    )
    after_draft: Chance = Field(
        default=0.0,
        description="Of the calls here, those that climbed: the tier before was called, paid for, "
        "and its draft thrown away.",
    )


class GeneralModel(Calls):
    """Describes the alternative that would answer everything: one large model, or a known sum."""

    name: Label = Field(default="a general model", description="How tables and charts name it.")
    price: PlanPrice | None = Field(default=None, description="What one call costs.")
    usd_per_day: Usd | None = Field(
        default=None, description="Instead of `price`: what the planned traffic costs a day there."
    )
    usd_per_month: Usd = Field(default=0.0, description="What it costs besides, used or not.")

    @model_validator(mode="after")
    def _priced(self) -> GeneralModel:
        if (self.price is None) == (self.usd_per_day is None):
            raise ValueError("price or usd_per_day, one of the two")
        if self.price is not None and (missing := self.missing_sizes(self.price)):
            raise ValueError(missing)
        return self


class PlannedTraffic(Section):
    """States how many requests come."""

    requests_per_day: float | None = Field(
        default=None,
        ge=0.0,
        le=1e12,
        description="At the start. Left out where every tier has its own `requests_per_day`.",
    )
    days_per_year: int = Field(default=365, ge=1, le=366, description="260: on working days.")
    growth_per_year: float = Field(
        default=0.0, gt=-1.0, le=10.0, description="0.2: each year has 20 % more than the last."
    )
    ramp_up_months: int = Field(
        default=0,
        ge=0,
        le=24,
        description="Months in which traffic moves over in equal parts; the rest goes on to the "
        "general model.",
    )


class Horizon(Section):
    """States the years over which costs are summed, and the rate that discounts later money."""

    years: int = Field(default=5, ge=1, le=20, description="From the start of running.")
    discount_rate: Chance = Field(
        default=0.08, description="Per year. 0: a dollar in five years counts like one today."
    )
    swing: float = Field(
        default=0.2, gt=0.0, lt=1.0, description="How far the tornado chart moves each input."
    )


class People(Section):
    """Prices people's time by the hour."""

    usd_per_hour: Usd = Field(default=0.0, description="Salary and all that comes with it.")
    review_usd_per_hour: Usd | None = Field(
        default=None,
        description="Of those who read answers; left out: `usd_per_hour`, else the price book's "
        "`reviewers`.",
    )
    setup_hours: Hours = Field(default=0.0, description="Once, before the first request.")
    hours_per_month: Hours = Field(default=0.0, description="Looking after it.")


class Machines(Section):
    """Describes machines that are paid for even if no request comes."""

    name: Label = Field(description="How tables and charts name it.")
    count: float = Field(
        default=1.0, ge=0.0, le=1e6, description="Cores, GPUs or machines, as the price counts."
    )
    usd_per_hour: Usd | None = Field(default=None, description="Of one of them.")
    hours_per_month: float = Field(
        default=HOURS_PER_MONTH, ge=0.0, le=744.0, description="730 is day and night."
    )
    usd_per_month: Usd | None = Field(default=None, description="Of one, instead of by the hour.")

    @model_validator(mode="after")
    def _priced(self) -> Machines:
        if (self.usd_per_hour is None) == (self.usd_per_month is None):
            raise ValueError("usd_per_hour or usd_per_month, one of the two")
        return self


class TrainingRun(Section):
    """Describes one training: purchases, the machine and the people."""

    usd: Usd = Field(default=0.0, description="Labels, data, licences.")
    compute_hours: Hours = Field(default=0.0, description="Core-hours or GPU-hours.")
    compute_usd_per_hour: Usd = Field(default=0.0, description="Of one such hour.")
    people_hours: Hours = Field(default=0.0, description="At `people.usd_per_hour`.")


class Training(Section):
    """Describes the training of one's own models."""

    first: TrainingRun = Field(default_factory=TrainingRun, description="Once, at the start.")
    again: TrainingRun | None = Field(
        default=None, description="Each time later; left out: like the first."
    )
    times_per_year: float = Field(default=0.0, ge=0.0, le=365.0, description="How often later.")


class OneOff(Section):
    """Describes any other cost that is paid once, at the start."""

    name: Label = Field(description="How tables and charts name it.")
    usd: Usd = Field(description="What it costs.")


class Plan(Section):
    """Describes a whole plan file."""

    version: Literal[1] = Field(description="Version of this format.")
    name: Label = Field(description="Title of the report.")
    traffic: PlannedTraffic = Field(
        default_factory=PlannedTraffic, description="How many requests come."
    )
    steps: list[PlannedStep] = Field(
        default_factory=list, max_length=20, description="What requests pay whoever answers."
    )
    tiers: list[PlannedTier] = Field(
        default_factory=list,
        max_length=20,
        description="Where requests are answered, lowest first.",
    )
    general: GeneralModel = Field(description="What would answer everything otherwise.")
    hosting: list[Machines] = Field(
        default_factory=list, max_length=50, description="Machines paid for by time."
    )
    people: People = Field(default_factory=People, description="People's time.")
    training: Training = Field(default_factory=Training, description="Training one's own models.")
    one_off: list[OneOff] = Field(
        default_factory=list, max_length=50, description="What else is paid once."
    )
    horizon: Horizon = Field(default_factory=Horizon, description="Years, discounting, tornado.")
