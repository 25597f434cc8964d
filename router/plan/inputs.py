"""Resolves a plan into exact fractions of nano-dollars, hours and requests.

A plan file allows several ways to state a number. Here each number exists once, in one unit. Costs
are then sums of products, and the tornado chart can move one number at a time. Nothing is rounded
here except the price of one call: `cost.attempt_cost` rounds it up as the ledger books it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from msgspec import structs

from router.money.cost import attempt_cost
from router.plan.present_value import up
from router.plan.schema import Calls, Machines, Plan, PlanPrice, TrainingRun, exact
from router.types import NANO_PER_USD, Price, Usage

ONE = Fraction(1)
MINUTES = 60
PriceOf = Callable[[str], Price | None]


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """Describes a step, a tier or the general model: how often it is called, and at what price."""

    name: str
    share: Fraction  # of all requests: answered here (tiers), reaching here (steps), 1 (general)
    price: Price
    usage: Usage
    compute_ms: float
    after_draft: Fraction = Fraction(0)  # of the calls here, those after a draft one tier below
    stated_nano_usd: Fraction | None = None  # per call, in place of `price`
    review_share: Fraction = Fraction(0)  # of the answers
    review_hours: Fraction = Fraction(0)  # per answer that is read
    price_change: Fraction = Fraction(0)  # per year
    price_factor: Fraction = ONE  # only the tornado chart moves it
    token_factor: Fraction = ONE

    def unit_nano_usd(self, year: int = 1) -> Fraction:
        """Returns the cost of one call in the plan's year 1, 2, ...; whole nano-dollars in year 1.

        At -50 % a year, $0.002 in the first year is $0.001 in the second.
        """
        # Prices change from one year to the next, in a step, as the volume does.
        change = (1 + self.price_change) ** (year - 1)
        return self._first_year() * self.price_factor * change

    def _first_year(self) -> Fraction:
        if self.stated_nano_usd is not None:
            return self.stated_nano_usd
        return Fraction(attempt_cost(self.price, self._usage(), self.compute_ms).nano_usd)

    def _usage(self) -> Usage:
        def scaled(tokens: int) -> int:
            # A part of a token is billed as a whole one.
            return up(tokens * self.token_factor)

        return Usage(
            input_tokens=scaled(self.usage.input_tokens),
            cached_input_tokens=scaled(self.usage.cached_input_tokens),
            output_tokens=scaled(self.usage.output_tokens),
        )

    @property
    def by_token(self) -> bool:
        """Returns True when token counts decide the cost of a call."""
        stated = self.stated_nano_usd is not None or self.price.per_request_nano_usd is not None
        return not stated and self.price.input_nano_usd is not None


@dataclass(frozen=True, slots=True)
class FixedCost:
    """Holds a cost that is paid each month, or once, even if no request comes."""

    name: str
    nano_usd: Fraction


@dataclass(frozen=True, slots=True)
class Run:
    """Holds one training: hours of people, and all other costs in nano-dollars."""

    people_hours: Fraction
    nano_usd: Fraction


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """Holds all numbers from which costs follow."""

    requests_per_day: Fraction
    days_per_year: int
    growth: Fraction  # per year
    ramp_up_months: int
    years: int
    discount_rate: Fraction
    steps: tuple[PlannedCall, ...]
    tiers: tuple[PlannedCall, ...]
    general: PlannedCall
    general_per_month: Fraction
    hosting: tuple[FixedCost, ...]  # per month
    hour_nano_usd: Fraction
    review_hour_nano_usd: Fraction
    setup_hours: Fraction
    hours_per_month: Fraction
    first_run: Run
    later_run: Run
    runs_per_year: Fraction
    one_off: tuple[FixedCost, ...]

    def requests(self, year: int) -> Fraction:
        """Returns the requests of the plan's year 1, 2, ...; a fraction, since it is an
        expectation.
        """
        return self.requests_per_day * self.days_per_year * (1 + self.growth) ** (year - 1)

    def calls_per_request(self) -> tuple[Fraction, ...]:
        """Returns the calls at each tier per incoming request, with drafts that are thrown away.

        With shares .9 and .1, where half of the calls at the second tier follow a draft at the
        first: .95 calls at the first, .1 at the second. A tier above those climbs through both.
        """
        calls: list[Fraction] = []
        climbing = Fraction(0)
        # From the top down: a draft is paid at a tier for every call that climbs past it.
        for tier in reversed(self.tiers):
            calls.append(tier.share + climbing)
            climbing = calls[-1] * tier.after_draft
        return tuple(reversed(calls))

    def every_call(self) -> tuple[PlannedCall, ...]:
        """Returns steps, tiers and the general model."""
        return (*self.own_calls(), self.general)

    def own_calls(self) -> tuple[PlannedCall, ...]:
        """Returns steps and tiers."""
        return (*self.steps, *self.tiers)


def inputs_of(plan: Plan, price_of: PriceOf) -> PlanInputs:
    """Returns the numbers of a valid plan; the caller must refuse models without a price first."""
    tiers = [
        _call(t, t.name, t.price, price_of, after_draft=exact(t.after_draft)) for t in plan.tiers
    ]
    counts = [exact(tier.requests_per_day or 0) for tier in plan.tiers]
    per_day = plan.traffic.requests_per_day
    # The checks allow either one volume with shares, or a count for every tier.
    volume = sum(counts, Fraction(0)) if per_day is None else exact(per_day)
    if per_day is not None:
        counts = [exact(tier.share or 0) for tier in plan.tiers]
    # Shares may miss 1 by a rounding error. Without any request every tier gets the same share.
    total = sum(counts, Fraction(0))
    shares = [count / total if total else Fraction(1, len(counts)) for count in counts]
    people = plan.people
    review_rate = (
        people.usd_per_hour if people.review_usd_per_hour is None else (people.review_usd_per_hour)
    )
    first = _run(plan.training.first)
    return PlanInputs(
        requests_per_day=volume,
        days_per_year=plan.traffic.days_per_year,
        growth=exact(plan.traffic.growth_per_year),
        ramp_up_months=plan.traffic.ramp_up_months,
        years=plan.horizon.years,
        discount_rate=exact(plan.horizon.discount_rate),
        steps=tuple(_call(s, s.name, s.price, price_of, share=exact(s.share)) for s in plan.steps),
        tiers=tuple(replace(t, share=s) for t, s in zip(tiers, shares, strict=True)),
        general=_general(plan, volume, price_of),
        general_per_month=nano(plan.general.usd_per_month),
        hosting=tuple(FixedCost(m.name, _machines(m)) for m in plan.hosting),
        hour_nano_usd=nano(people.usd_per_hour),
        review_hour_nano_usd=nano(review_rate),
        setup_hours=exact(people.setup_hours),
        hours_per_month=exact(people.hours_per_month),
        first_run=first,
        later_run=first if plan.training.again is None else _run(plan.training.again),
        runs_per_year=exact(plan.training.times_per_year),
        one_off=tuple(FixedCost(cost.name, nano(cost.usd)) for cost in plan.one_off),
    )


def nano(usd: float) -> Fraction:
    """Converts dollars as written to nano-dollars, exactly."""
    return exact(usd) * NANO_PER_USD


def _call(
    calls: Calls,
    name: str,
    price: PlanPrice | None,
    price_of: PriceOf,
    share: Fraction = ONE,
    after_draft: Fraction = Fraction(0),
) -> PlannedCall:
    return PlannedCall(
        name=name,
        share=share,
        after_draft=after_draft,
        price=Price() if price is None else _price(price, price_of),
        usage=Usage(
            input_tokens=calls.input_tokens,
            cached_input_tokens=calls.cached_input_tokens,
            output_tokens=calls.output_tokens,
        ),
        compute_ms=calls.compute_s * 1000,
        review_share=exact(calls.review_share),
        review_hours=exact(calls.review_minutes) / MINUTES,
        price_change=exact(calls.price_change_per_year),
    )


def _price(price: PlanPrice, price_of: PriceOf) -> Price:
    """Returns the stated price, or the model's price with the stated price of compute."""
    # A model's price is per token; compute of one's own is added to it.
    own = price.to_price()
    listed = None if price.model is None else price_of(price.model)
    return (
        own
        if listed is None
        else structs.replace(listed, per_second_nano_usd=own.per_second_nano_usd)
    )


def _general(plan: Plan, volume: Fraction, price_of: PriceOf) -> PlannedCall:
    general = _call(plan.general, plan.general.name, plan.general.price, price_of)
    per_day = plan.general.usd_per_day
    # The checks refuse a sum a day without requests, so the volume is above 0.
    stated = None if per_day is None else nano(per_day) / volume
    return replace(general, stated_nano_usd=stated)


def _machines(machines: Machines) -> Fraction:
    """Returns the cost of a month of these machines, in nano-dollars."""
    if machines.usd_per_month is not None:
        return exact(machines.count) * nano(machines.usd_per_month)
    hourly = exact(machines.count) * nano(machines.usd_per_hour or 0)
    return hourly * exact(machines.hours_per_month)


def _run(run: TrainingRun) -> Run:
    compute = exact(run.compute_hours) * nano(run.compute_usd_per_hour)
    return Run(exact(run.people_hours), nano(run.usd) + compute)
