"""Computes the costs of a plan over a stretch of time, line by line, and month by month.

Each line is rounded up to a whole nano-dollar, as the ledger books it. Sums are sums of lines, so
the parts of a table add up exactly to its total.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from router.plan.figures import Group, PlanLine
from router.plan.inputs import ONE, FixedCost, PlanInputs, Run
from router.plan.present_value import up

MONTHS = 12


def own_lines(
    inputs: PlanInputs, requests: Fraction, months: Fraction, year: int
) -> tuple[PlanLine, ...]:
    """Returns the cost of these requests and months on the tiers, at a year's prices."""
    return (
        *_per_request(inputs, requests, year),
        *(_fixed(Group.HOSTING, machine, months) for machine in inputs.hosting),
        *_time(inputs, months),
    )


def general_lines(
    inputs: PlanInputs, requests: Fraction, months: Fraction, year: int
) -> tuple[PlanLine, ...]:
    """Returns the cost of the same requests at the general model."""
    general = inputs.general
    # The unit price stays exact here; only the line is rounded.
    lines = [_priced(Group.GENERAL, general.name, requests, general.unit_nano_usd(year))]
    if general.review_share:
        hours = requests * general.review_share * general.review_hours
        lines.append(_priced(Group.REVIEWS, "reading answers", hours, inputs.review_hour_nano_usd))
    if inputs.general_per_month:
        lines.append(
            _fixed(Group.GENERAL, FixedCost("monthly fee", inputs.general_per_month), months)
        )
    return tuple(lines)


def one_off_lines(inputs: PlanInputs) -> tuple[PlanLine, ...]:
    """Returns the costs that are paid once, before the first request."""
    lines = [_priced(Group.PEOPLE, "setting up", inputs.setup_hours, inputs.hour_nano_usd)]
    lines += _training(inputs, inputs.first_run, ONE, "first training")
    lines += [_fixed(Group.ONE_OFF, cost, ONE) for cost in inputs.one_off]
    # A plan without setup or training has no such lines, rather than lines of $0.
    return tuple(line for line in lines if line.nano_usd)


def moved_over(inputs: PlanInputs, month: int) -> Fraction:
    """Returns the share of traffic that runs on the tiers in month 1, 2, ... of the plan.

    A ramp-up of two months moves a third in the first month, two thirds in the second, then all.
    """
    return min(ONE, Fraction(month, inputs.ramp_up_months + 1))


def year_lines(inputs: PlanInputs, year: int) -> tuple[PlanLine, ...]:
    """Returns the costs of a year on the tiers, and of the traffic that is not moved over yet."""
    months = range(MONTHS * (year - 1) + 1, MONTHS * year + 1)
    moved = [moved_over(inputs, month) for month in months]
    requests = inputs.requests(year)
    # The mean over the months, since every month has the same number of requests.
    share = sum(moved, Fraction(0)) / MONTHS
    lines = own_lines(inputs, requests * share, Fraction(MONTHS), year)
    if share == 1:
        return lines
    # The general model's monthly fee is due in every month that still sends it traffic.
    waiting = Fraction(sum(part < 1 for part in moved))
    elsewhere = general_lines(inputs, requests * (1 - share), waiting, year)
    total = sum(line.nano_usd for line in elsewhere)
    return (*lines, PlanLine(Group.GENERAL, f"{inputs.general.name}, until moved over", total))


def monthly_savings(inputs: PlanInputs) -> Iterator[Fraction]:
    """Yields the saving of each month: signed, not rounded, without one-off costs."""
    fixed = own_fixed_per_month(inputs)
    for year in range(1, inputs.years + 1):
        gain = general_per_request(inputs, year) - own_per_request(inputs, year)
        for month in range(MONTHS * (year - 1) + 1, MONTHS * year + 1):
            moved = moved_over(inputs, month)
            # The fee is saved only when no request needs the general model any more.
            fee = inputs.general_per_month if moved == 1 else Fraction(0)
            yield inputs.requests(year) / MONTHS * moved * gain - fixed + fee


def own_per_request(inputs: PlanInputs, year: int = 1) -> Fraction:
    """Returns the cost of one more request on the tiers, with its steps, drafts and reviews."""
    return sum((_exact(*line) for line in _rates(inputs, year)), Fraction(0))


def general_per_request(inputs: PlanInputs, year: int = 1) -> Fraction:
    """Returns the cost of one more request at the general model, with its reviews."""
    general = inputs.general
    reading = general.review_share * general.review_hours * inputs.review_hour_nano_usd
    return general.unit_nano_usd(year) + reading


def own_fixed_per_month(inputs: PlanInputs) -> Fraction:
    """Returns the cost of a month of the tiers when no request comes."""
    hosting = sum((machine.nano_usd for machine in inputs.hosting), Fraction(0))
    people = inputs.hours_per_month * inputs.hour_nano_usd
    # Trainings count as a monthly cost, spread evenly over the year.
    retraining = inputs.later_run.people_hours * inputs.hour_nano_usd + inputs.later_run.nano_usd
    return hosting + people + retraining * inputs.runs_per_year / MONTHS


Rate = tuple[Group, str, Fraction, Fraction]
"""Names a group and a line, the count per request, and the price of one."""


def _rates(inputs: PlanInputs, year: int) -> Iterator[Rate]:
    """Yields each cost that a request can cause: calls, drafts and hours of readers."""
    reading = Fraction(0)
    for step in inputs.steps:
        yield Group.STEPS, step.name, step.share, step.unit_nano_usd(year)
        reading += step.share * step.review_share * step.review_hours
    for tier, calls in zip(inputs.tiers, inputs.calls_per_request(), strict=True):
        yield Group.TIERS, tier.name, tier.share, tier.unit_nano_usd(year)
        # Calls above the tier's own share are drafts: they were paid, and a higher tier answered.
        if calls > tier.share:
            yield Group.DRAFTS, tier.name, calls - tier.share, tier.unit_nano_usd(year)
        reading += tier.share * tier.review_share * tier.review_hours
    if reading:
        yield Group.REVIEWS, "reading answers", reading, inputs.review_hour_nano_usd


def _exact(group: Group, name: str, count: Fraction, unit: Fraction) -> Fraction:
    return count * unit


def _per_request(inputs: PlanInputs, requests: Fraction, year: int) -> Iterator[PlanLine]:
    for group, name, count, unit in _rates(inputs, year):
        yield _priced(group, name, requests * count, unit)


def _priced(group: Group, name: str, count: Fraction, unit: Fraction) -> PlanLine:
    """Returns the cost of so many calls or hours, each at `unit` nano-dollars."""
    return PlanLine(group, name, up(count * unit), count, unit)


def _fixed(group: Group, cost: FixedCost, months: Fraction) -> PlanLine:
    return PlanLine(group, cost.name, up(cost.nano_usd * months))


def _time(inputs: PlanInputs, months: Fraction) -> Iterator[PlanLine]:
    if inputs.hours_per_month:
        hours = inputs.hours_per_month * months
        yield _priced(Group.PEOPLE, "looking after it", hours, inputs.hour_nano_usd)
    runs = inputs.runs_per_year * months / MONTHS
    yield from _training(inputs, inputs.later_run, runs, "training again")


def _training(inputs: PlanInputs, run: Run, times: Fraction, name: str) -> Iterator[PlanLine]:
    cost = (run.people_hours * inputs.hour_nano_usd + run.nano_usd) * times
    # A training may be one of zero runs a year; a line of $0 says nothing.
    if cost:
        yield PlanLine(Group.TRAINING, name, up(cost))
