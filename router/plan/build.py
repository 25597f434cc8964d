"""`tiergate plan`: from a plan's numbers to everything its report says.

What a month costs on the tiers and with one general model, where the two meet, what the years bring
at today's value, and which input matters. A function of the plan and of prices: no clock, no file.
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
    Amount,
    CostLine,
    CrossingPoint,
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
    """The report of a valid plan; `price_of` gives the price of a model by its name."""
    inputs = inputs_of(plan, price_of)
    own, general = _sides(inputs)
    years = years_of(inputs)
    totals = totals_of(inputs, years)
    one_off = years[0].lines
    points = _break_even(inputs, total(one_off))
    swing = exact(plan.horizon.swing)
    return PlanReport(
        name=plan.name,
        headline=headline(inputs, own, general),
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
    """Both ways at full operation, with the first year's volume and prices."""
    yearly = inputs.requests(1)
    stretches = (
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
        ),
        Side(
            inputs.general.name,
            _merged(*general),
            float(general_per_request(inputs)),
            up(inputs.general_per_month),
        ),
    )


def _merged(
    day: tuple[Amount, ...], month: tuple[Amount, ...], year: tuple[Amount, ...]
) -> tuple[CostLine, ...]:
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
    )


def _break_even(inputs: PlanInputs, one_off_nano_usd: int) -> tuple[CrossingPoint, ...]:
    """With what runs alone; and, where something is paid once, with that spread over the months."""
    running = own_fixed_per_month(inputs) - inputs.general_per_month
    months = MONTHS * inputs.years
    points = [_point(inputs, "running", "monthly fixed costs alone", running)]
    if one_off_nano_usd:
        label = f"with the one-off costs spread over {months} months"
        spread = running + Fraction(one_off_nano_usd, months)
        points.append(_point(inputs, "with_one_off", label, spread))
    return tuple(points)


def _point(inputs: PlanInputs, key: str, label: str, fixed: Fraction) -> CrossingPoint:
    found = break_even(fixed, own_per_request(inputs), general_per_request(inputs))
    monthly, daily = None, None
    if found.requests is not None:
        monthly = up(found.requests)
        daily = float(found.requests * MONTHS / inputs.days_per_year)
    return CrossingPoint(key, label, up(fixed), found.crossing, monthly, daily)
