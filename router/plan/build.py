"""Builds the report of `tiergate plan` from the numbers of a plan.

Computes the cost of a month on the tiers and with one general model, the volume at which the two
meet, the present value of the years to come, and the inputs that matter most. It is a function of
the plan and of prices: it reads no clock and no file.
"""

from __future__ import annotations

from fractions import Fraction

from router.plan.costs import (
    MONTHS,
    general_lines,
    general_per_request,
    own_fixed_per_month,
    own_lines,
    own_per_request,
)
from router.plan.figures import (
    CostLine,
    CrossingPoint,
    PlanLine,
    PlanReport,
    Side,
)
from router.plan.horizon import total, totals_of, years_of
from router.plan.inputs import PlanInputs, PriceOf, inputs_of
from router.plan.output.sentences import assumptions, headline, verdicts
from router.plan.present_value import break_even, up
from router.plan.schema import Plan, exact
from router.plan.sensitivity import ratios_of, swings_of

OWN = "Tiergate"


def build_plan(plan: Plan, price_of: PriceOf) -> PlanReport:
    """Returns the report of a valid plan; `price_of` returns the price of a model by its name."""
    inputs = inputs_of(plan, price_of)
    own, general = _sides(inputs)
    # Year 0 holds what is paid once; the years of running follow.
    years = years_of(inputs)
    totals = totals_of(inputs, years)
    one_off = years[0].lines
    points = _break_even(inputs, total(one_off))
    swing = exact(plan.horizon.swing)
    return PlanReport(
        name=plan.name,
        headline=headline(inputs, own, general),
        # The last point includes the one-off costs where there are any: it is the stricter one.
        verdicts=verdicts(inputs, own, general, points[-1], totals),
        requests_per_day=float(inputs.requests_per_day),
        days_per_year=inputs.days_per_year,
        discount_rate=float(inputs.discount_rate),
        swing=float(swing),
        own=own,
        general=general,
        one_off=one_off,
        break_even=points,
        ratios=ratios_of(inputs, general_per_request(inputs)),
        years=years,
        totals=totals,
        swings=swings_of(inputs, swing),
        assumptions=assumptions(plan, inputs),
    )


def _sides(inputs: PlanInputs) -> tuple[Side, Side]:
    """Returns both ways at full operation, with the volume and the prices of the first year."""
    yearly = inputs.requests(1)
    stretches = (
        # A day of requests carries the fixed costs of its part of the year, not of a calendar day.
        (inputs.requests_per_day, Fraction(MONTHS, inputs.days_per_year)),
        (yearly / MONTHS, Fraction(1)),
        (yearly, Fraction(MONTHS)),
    )
    own = [own_lines(inputs, requests, months, 1) for requests, months in stretches]
    general = [general_lines(inputs, requests, months, 1) for requests, months in stretches]
    return (
        Side(
            OWN,
            _merged(*own),
            float(own_per_request(inputs)),
            up(own_fixed_per_month(inputs)),
            float(inputs.requests_per_day),
        ),
        Side(
            inputs.general.name,
            _merged(*general),
            float(general_per_request(inputs)),
            up(inputs.general_per_month),
            float(inputs.requests_per_day),
        ),
    )


def _merged(
    day: tuple[PlanLine, ...], month: tuple[PlanLine, ...], year: tuple[PlanLine, ...]
) -> tuple[CostLine, ...]:
    """Joins the same lines over a day, a month and a year into one table."""
    return tuple(
        CostLine(
            group=a.group,
            name=a.name,
            count_per_day=None if a.count is None else float(a.count),
            unit_nano_usd=None if a.unit_nano_usd is None else float(a.unit_nano_usd),
            day_nano_usd=a.nano_usd,
            month_nano_usd=b.nano_usd,
            year_nano_usd=c.nano_usd,
        )
        for a, b, c in zip(day, month, year, strict=True)
        # The three spans come from the same plan, so they have the same lines in the same order.
    )


def _break_even(inputs: PlanInputs, one_off_nano_usd: int) -> tuple[CrossingPoint, ...]:
    """Returns the break-even of the running costs, and a second one that includes one-off costs.

    The second point exists only where something is paid once; it spreads that over all months.
    """
    # Both ways may have fixed costs; only what the tiers have more of must be covered.
    running = own_fixed_per_month(inputs) - inputs.general_per_month
    months = MONTHS * inputs.years
    points = [_point(inputs, "running", "only monthly fixed costs", running)]
    if one_off_nano_usd:
        label = f"with the one-off costs spread over {months} months"
        spread = running + Fraction(one_off_nano_usd, months)
        points.append(_point(inputs, "with_one_off", label, spread))
    return tuple(points)


def _point(inputs: PlanInputs, key: str, label: str, fixed: Fraction) -> CrossingPoint:
    meeting = break_even(fixed, own_per_request(inputs), general_per_request(inputs))
    monthly, daily = None, None
    if meeting.requests is not None:
        monthly = up(meeting.requests)
        # A year has only so many days with requests, so a day carries more than a 365th of it.
        daily = float(meeting.requests * MONTHS / inputs.days_per_year)
    return CrossingPoint(key, label, up(fixed), meeting.crossing, monthly, daily)
