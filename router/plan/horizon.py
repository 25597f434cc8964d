"""Computes the years of a plan: the cost of each either way, its value today, and the returns.

One-off costs belong to year 0, today, at their full value. The costs of a year count at its end and
are discounted from there. Discounted figures are rounded to the nano-dollar once per year and side;
all further sums are sums of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from router.plan.costs import (
    MONTHS,
    general_lines,
    monthly_savings,
    one_off_lines,
    year_lines,
)
from router.plan.figures import PlanLine, Totals, Year
from router.plan.inputs import PlanInputs
from router.plan.present_value import internal_rate, payback, present_values, return_on


def years_of(inputs: PlanInputs) -> tuple[Year, ...]:
    """Returns year 0 (the costs that are paid once) and every year of the horizon."""
    numbers = range(1, inputs.years + 1)
    own: list[Sequence[PlanLine]] = [one_off_lines(inputs)]
    own += [year_lines(inputs, year) for year in numbers]
    general: list[Sequence[PlanLine]] = [()]
    general += [general_lines(inputs, inputs.requests(y), Fraction(MONTHS), y) for y in numbers]
    # Rounded once per year and side, so that tables of years add up to their total.
    own_today = _discounted([total(lines) for lines in own], inputs.discount_rate)
    general_today = _discounted([total(lines) for lines in general], inputs.discount_rate)
    years, so_far = list[Year](), 0
    for number, lines in enumerate(own):
        so_far += general_today[number] - own_today[number]
        years.append(
            Year(
                year=number,
                requests=float(inputs.requests(number)) if number else 0.0,
                own_nano_usd=total(lines),
                general_nano_usd=total(general[number]),
                discounted_own_nano_usd=own_today[number],
                discounted_general_nano_usd=general_today[number],
                saved_so_far_nano_usd=so_far,
                lines=tuple(lines),
            )
        )
    return tuple(years)


def totals_of(inputs: PlanInputs, years: Sequence[Year]) -> Totals:
    """Returns the total cost of ownership either way, and the returns on the one-off costs.

    It counts everything that falls due over the horizon, not only the purchase: Ellram, Total cost
    of ownership: an analysis of approaches, International Journal of Physical Distribution 25(8),
    1995.
    """
    # The general model has no one-off cost, so year 0 is all investment.
    one_off = Fraction(years[0].own_nano_usd)
    saved = [Fraction(year.saved_nano_usd) for year in years]
    # Payback looks at single months; a year would hide when within it the money is back.
    months = payback(one_off, list(monthly_savings(inputs)))
    gained = return_on(one_off, sum(saved[1:], Fraction(0)))
    return Totals(
        own_nano_usd=sum(year.own_nano_usd for year in years),
        general_nano_usd=sum(year.general_nano_usd for year in years),
        discounted_own_nano_usd=sum(year.discounted_own_nano_usd for year in years),
        discounted_general_nano_usd=sum(year.discounted_general_nano_usd for year in years),
        one_off_nano_usd=years[0].own_nano_usd,
        payback_months=None if months is None else float(months),
        return_on_one_off=None if gained is None else float(gained),
        internal_rate=internal_rate(saved),
    )


def net_present_value_of(inputs: PlanInputs) -> int:
    """Returns what the tiers save over the horizon, at today's value: signed, in nano-dollars."""
    return sum(year.discounted_saved_nano_usd for year in years_of(inputs))


def total(lines: Sequence[PlanLine]) -> int:
    """Sums lines of cost, in nano-dollars."""
    return sum(line.nano_usd for line in lines)


def _discounted(flows: Sequence[int], rate: Fraction) -> list[int]:
    return [round(value) for value in present_values([Fraction(flow) for flow in flows], rate)]
