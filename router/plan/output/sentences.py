"""Writes the sentences of a plan's report: its results, and every assumption behind them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from router.plan.figures import CrossingPoint, Side, Totals
from router.plan.inputs import PlanInputs, PlannedCall
from router.plan.present_value import Crossing
from router.plan.schema import Plan
from router.rendering.figures_in_words import clean, count, percent, saved_percent, usd

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

MANY = 3
"""Sets the multiple of the cost from which a factor reads better than a percentage."""


EQUAL = (
    "Volume and prices are those of the plan. The plan assumes that both ways answer equally well. "
    "Nobody measured it."
)
"""Ends the sentences for the person who pays: a saving is none where quality is lost."""


def headline(inputs: PlanInputs, own: Side, general: Side) -> str:
    """Writes the sentence for the person who pays: the cost of a month either way."""
    ours, theirs = own.month_nano_usd, general.month_nano_usd
    name = clean(general.name)
    # Costs per request mean nothing here; only fixed costs remain.
    if not inputs.requests_per_day:
        begin = "Without a single request it would"
        return f"{begin} cost {usd(ours)} a month with Tiergate and {usd(theirs)} with {name}."
    sums = (
        f"{volume(float(inputs.requests_per_day))} requests cost {usd(own.day_nano_usd)} a day "
        f"({usd(ours)} a month) with Tiergate and {usd(general.day_nano_usd)} ({usd(theirs)}) "
        f"with {name}"
    )
    if ours == theirs:
        return f"{sums}: the same."
    shown = ""
    # A general model that costs nothing has no multiple and no percentage.
    if theirs and ours > MANY * theirs:
        shown = f" ({ours / theirs:,.0f} times as much)"
    elif theirs:
        shown = f" ({saved_percent((theirs - ours) / theirs).lstrip('-')})"
    return (
        f"{sums}: {usd(abs(theirs - ours))} a month {'less' if ours < theirs else 'more'}{shown}."
    )


def verdicts(
    inputs: PlanInputs, own: Side, general: Side, point: CrossingPoint, totals: Totals
) -> tuple[str, ...]:
    """States where the plan breaks even, the result over the horizon, and what nobody measured."""
    return (_crossing(inputs, own, general, point), _horizon(inputs, totals), EQUAL)


def _crossing(inputs: PlanInputs, own: Side, general: Side, point: CrossingPoint) -> str:
    here, there = usd(own.per_request_nano_usd), usd(general.per_request_nano_usd)
    name = clean(general.name)
    any_fixed = own.fixed_month_nano_usd or general.fixed_month_nano_usd
    what = "one more request, without fixed costs," if any_fixed else "a request"
    each = f"{what} costs {here} with Tiergate and {there} with {name}"
    if point.crossing is Crossing.NEVER:
        return f"It never breaks even: {each}, so more requests do not help."
    if point.crossing is Crossing.AT_ONCE:
        return f"It pays from the first request on: {each}, and nothing more is fixed."
    if point.requests_per_month is None or point.requests_per_day is None:
        raise AssertionError("a crossing that is reached has a volume")
    where = f"{volume(point.requests_per_day)} requests a day"
    if point.crossing is Crossing.UP_TO:
        return f"It pays only below {where}: less is fixed, but {each}."
    fixed = f"fixed costs of {usd(point.fixed_month_nano_usd)} a month"
    more = " (one-off costs spread over the horizon)" if point.key == "with_one_off" else ""
    planned = float(inputs.requests_per_day) / point.requests_per_day
    times = f"{planned:,.1f} times that" if planned >= 1 else f"only {percent(planned)} of that"
    return (
        f"It breaks even at {where} ({count(point.requests_per_month)} a month): there the {fixed}"
        f"{more} are covered, since {each}. Planned are {times}."
    )


def _horizon(inputs: PlanInputs, totals: Totals) -> str:
    span = years_text(inputs.years)
    rate = rate_text(float(inputs.discount_rate))
    ours = usd(totals.discounted_own_nano_usd)
    theirs = usd(totals.discounted_general_nano_usd)
    value = totals.net_present_value_nano_usd
    saves = f"it {'saves' if value >= 0 else 'costs'} {usd(abs(value))}"
    more = "" if value >= 0 else " more"
    text = f"Over {span}, discounted at {rate}, {saves}{more}: {ours} in all against {theirs}."
    if not totals.one_off_nano_usd:
        return text
    once = usd(totals.one_off_nano_usd)
    if totals.payback_months is None:
        return f"{text} The {once} paid once does not come back within {span}."
    back = f"{text} The {once} paid once is back after {months_text(totals.payback_months)}"
    return f"{back}; return on it {percent(totals.return_on_one_off, 0)}."


def volume(requests: float) -> str:
    """Formats a number of requests for people: `10,450`, `0.5`."""
    return f"{requests:,.0f}" if requests >= 10 or requests == int(requests) else f"{requests:.2g}"


def years_text(years: int) -> str:
    """Formats years: `five years`, `one year`, `20 years`."""
    number = NUMBERS[years] if years < len(NUMBERS) else str(years)
    return f"{number} year{'' if years == 1 else 's'}"


def rate_text(rate: float) -> str:
    """Formats a rate: 0.08 -> `8 %`, 0.075 -> `7.5 %`."""
    return f"{rate * 100:.4g} %"


def months_text(months: float) -> str:
    """Formats months: `3.2 months`; `12 days` for less than a month."""
    if months < 1:
        days = max(1, round(months * 365 / 12))
        return f"{days} day{'' if days == 1 else 's'}"
    return f"{months:,.1f} months"


def assumptions(plan: Plan, inputs: PlanInputs) -> tuple[str, ...]:
    """Lists every assumption behind the figures, one sentence each."""
    return tuple(
        (
            *_about_volume(inputs),
            *_about_no_requests(plan, inputs),
            *_about_prices(inputs),
            *_about_people(inputs),
            *_about_time(plan, inputs),
            "Both ways are taken to answer equally well. What a wrong answer costs, and what a "
            "better one brings, is not in it.",
            "Fixed costs stay as they are whatever the volume. Taxes and inflation are not in it.",
            "Each line is rounded up to the nano-dollar and totals are sums of lines; what is "
            "shown is rounded.",
        )
    )


def _about_volume(inputs: PlanInputs) -> Iterator[str]:
    days = inputs.days_per_year
    yield (
        f"A year has {days} days with requests; a month is a twelfth of it, {days / 12:.1f} days."
    )
    if inputs.growth:
        change = "grows" if inputs.growth > 0 else "shrinks"
        yield (
            f"Volume {change} by {rate_text(abs(float(inputs.growth)))} from one year to the next, "
            "in a step; the month and the break-even are the first year's."
        )
    else:
        yield "Volume stays the same in all years."
    if inputs.ramp_up_months:
        yield (
            f"Traffic moves over in equal parts during the first {inputs.ramp_up_months} months. "
            f"Until then the rest is paid for with {clean(inputs.general.name)}, and all that is "
            "fixed in full."
        )
    else:
        yield "All traffic is moved over on the first day; there is no ramp-up."


def _about_no_requests(plan: Plan, inputs: PlanInputs) -> Iterator[str]:
    by_count = any(tier.requests_per_day is not None for tier in plan.tiers)
    if by_count and len(plan.tiers) > 1 and not inputs.requests_per_day:
        yield "No tier has a request, so they share alike where the price of a request is needed."


def _about_prices(inputs: PlanInputs) -> Iterator[str]:
    yield from (f"{clean(call.name)}: {_price(call)}." for call in inputs.every_call())
    falling = [call for call in inputs.every_call() if call.price_change]
    for call in falling:
        verb = "falls" if call.price_change < 0 else "rises"
        change = rate_text(abs(float(call.price_change)))
        yield f"The price of {clean(call.name)} {verb} by {change} a year, from the second year on."
    if len(falling) < len(inputs.every_call()):
        yield f"{'Other prices' if falling else 'Prices'} stay the same in all years."
    drafts = [tier for tier in inputs.tiers if tier.after_draft]
    for tier in drafts:
        yield (
            f"{rate_text(float(tier.after_draft))} of the calls at {clean(tier.name)} come after a "
            "draft one tier below, which is paid and thrown away."
        )
    if len(inputs.tiers) > 1 and not drafts:
        yield "No request climbs after a draft: every one is answered by the first tier that tries."
    if len(inputs.steps) > 1:
        # Several steps are added up for the reader, who might take them for alternatives.
        together = sum((s.share * s.unit_nano_usd() for s in inputs.steps), Fraction(0))
        yield (
            f"A request pays for every step it reaches, {usd(float(together))} together; steps are "
            "not alternatives."
        )


def _price(call: PlannedCall) -> str:
    """Explains in words where the price of a call comes from."""
    unit = usd(float(call.unit_nano_usd()))
    price = call.price
    if call.stated_nano_usd is not None:
        return f"{unit} a request, from the sum a day that the plan states"
    if price.per_request_nano_usd is not None:
        return f"{unit} a request, a stated price"
    parts = []
    if price.input_nano_usd is not None and price.output_nano_usd is not None:
        tokens = call.usage
        cached = f", {count(tokens.cached_input_tokens)} of them cached"
        parts.append(
            f"{count(tokens.input_tokens)} tokens in"
            f"{cached if tokens.cached_input_tokens else ''} and {count(tokens.output_tokens)} out "
            f"at {usd(price.input_nano_usd)} and {usd(price.output_nano_usd)} per million "
            f"({clean(price.version)})"
        )
    if price.per_second_nano_usd and call.compute_ms:
        hour = usd(price.per_second_nano_usd * 3600)
        parts.append(f"{call.compute_ms / 1000:g} s of own compute at {hour} an hour")
    return f"{unit} a request: {' and '.join(parts)}"


def _about_people(inputs: PlanInputs) -> Iterator[str]:
    readers = [call for call in inputs.every_call() if call.review_share]
    for call in readers:
        yield (
            f"People read {rate_text(float(call.review_share))} of the answers of "
            f"{clean(call.name)}, {float(call.review_hours * 60):g} minutes each at "
            f"{usd(float(inputs.review_hour_nano_usd))} an hour."
        )
    if not readers:
        yield "Nobody reads answers: reviews are not in it."
    if inputs.hour_nano_usd:
        yield f"An hour of people costs {usd(float(inputs.hour_nano_usd))}, all in."
    if not inputs.setup_hours and not inputs.hours_per_month:
        yield "No people's time is planned, neither to set up nor to look after it."


def _about_time(plan: Plan, inputs: PlanInputs) -> Iterator[str]:
    rate = rate_text(float(inputs.discount_rate))
    yield (
        f"One-off costs fall due today, a year's costs at its end, discounted at {rate} a year."
        if inputs.discount_rate
        else "Nothing is discounted: a dollar in a later year counts like one today."
    )
    if not inputs.runs_per_year and (inputs.first_run.nano_usd or inputs.first_run.people_hours):
        yield "Models are trained once and never again."
    if plan.training.again is None and inputs.runs_per_year:
        yield "Each later training costs what the first one does."
