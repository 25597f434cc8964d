"""Names a plan's figures and formats its cells, the same way for every output."""

from __future__ import annotations

from router.plan.figures import (
    CostLine,
    CrossingPoint,
    Group,
    PlanLine,
    PlanReport,
    RatioRow,
    Side,
    Totals,
)
from router.plan.output.sentences import months_text, rate_text, volume, years_text
from router.plan.present_value import Crossing
from router.rendering.figures_in_words import (
    NOTHING,
    clean,
    count,
    percent,
    saved_percent,
    usd,
    whole_usd,
)

ONE_MORE = "one more request, without fixed costs"
NAMED_BY_GROUP = {Group.HOSTING, Group.PEOPLE, Group.REVIEWS}


def line_label(line: CostLine | PlanLine) -> str:
    """Names a line: `small model`, `large model, drafts thrown away`, `hosting: gateway`."""
    name = clean(line.name)
    # A draft has its tier's name, so the group tells the two lines apart.
    if line.group is Group.DRAFTS:
        return f"{name}, {Group.DRAFTS}"
    return f"{line.group}: {name}" if line.group in NAMED_BY_GROUP else name


def count_text(line: CostLine) -> str:
    """Formats the calls a day, or hours; a dash for a line that is paid by the month."""
    # Hours of people are planned by the month; a count per day would mislead.
    if line.count_per_day is None or line.group is Group.PEOPLE:
        return NOTHING
    if line.group is Group.REVIEWS:
        return f"{volume(line.count_per_day)} h"
    return volume(line.count_per_day)


def unit_text(line: CostLine) -> str:
    """Formats the price of one call or hour; a dash where there is none."""
    return (
        NOTHING
        if line.group is Group.PEOPLE
        else (NOTHING if line.unit_nano_usd is None else usd(line.unit_nano_usd))
    )


def each_texts(side: Side) -> tuple[str, str | None]:
    """Returns what a request costs with its part of the fixed costs, and one more request.

    The second is None where nothing is fixed, since both are the same then.
    """
    more = usd(side.per_request_nano_usd)
    if not side.fixed_month_nano_usd:
        return more, None
    return usd(side.whole_request_nano_usd), more


def saved_label(report: PlanReport) -> str:
    """Formats `saved, 93.1 %`; the share is negative where Tiergate costs more."""
    share = report.saved_share
    return "saved" if share is None else f"saved, {saved_percent(share)}"


def crossing_cells(point: CrossingPoint) -> tuple[str, str, str, str]:
    """Returns the cells of a break-even: label, fixed costs, requests a month, requests a day."""
    month, day = crossing_text(point.crossing, point.requests_per_month), NOTHING
    if point.requests_per_day is not None:
        day = volume(point.requests_per_day)
    return point.label, usd(point.fixed_month_nano_usd), month, day


def crossing_text(crossing: Crossing, requests: int | None) -> str:
    """Formats a volume: `263,158`, `never`, `from the first request`, `only below 1,000`."""
    if crossing is Crossing.NEVER:
        return "never"
    if crossing is Crossing.AT_ONCE:
        return "from the first request"
    shown = count(requests or 0)
    return f"only below {shown}" if crossing is Crossing.UP_TO else shown


def ratio_cells(row: RatioRow) -> tuple[str, str, str]:
    """Returns the cells of a ratio: the ratio, the price of a request, the monthly break-even."""
    times = f"{row.ratio:,.3g} x{', as planned' if row.is_plan else ''}"
    return times, usd(row.own_nano_usd), crossing_text(row.crossing, row.requests_per_month)


def returns_text(totals: Totals) -> str:
    """States ROI and IRR in a sentence, or the reason why there are none."""
    if totals.return_on_one_off is None:
        return "Nothing is paid once, so there is no return on it (ROI, IRR)."
    roi = f"Return on what is paid once (ROI): {percent(totals.return_on_one_off, 0)}"
    if totals.internal_rate is None:
        return f"{roi}; there is no single internal rate of return (IRR)."
    return f"{roi}; internal rate of return (IRR): {percent(totals.internal_rate, 0)} a year."


def tiles(report: PlanReport) -> tuple[tuple[str, str, str], ...]:
    """Returns the figures that open the page: name, figure, and a small line."""
    totals = report.totals
    general = clean(report.general.name)
    value = totals.net_present_value_nano_usd
    span = years_text(len(report.years) - 1)
    back = f"not in {span}" if totals.payback_months is None else months_text(totals.payback_months)
    rate = totals.internal_rate
    return (
        (
            "A month",
            whole_usd(report.own.month_nano_usd),
            f"{whole_usd(report.general.month_nano_usd)} with {general}",
        ),
        (
            "Saved a month",
            whole_usd(report.general.month_nano_usd - report.own.month_nano_usd),
            NOTHING if report.saved_share is None else saved_percent(report.saved_share),
        ),
        ("Break-even", *_tile_crossing(report)),
        (
            "Payback",
            back if totals.one_off_nano_usd else NOTHING,
            f"of {whole_usd(totals.one_off_nano_usd)} paid once"
            if totals.one_off_nano_usd
            else "nothing is paid once",
        ),
        (
            f"Saved in {span}",
            whole_usd(value),
            f"net present value at {rate_text(report.discount_rate)}"
            + ("" if rate is None else f", IRR {percent(rate, 0)}"),
        ),
    )


def _tile_crossing(report: PlanReport) -> tuple[str, str]:
    """Returns the volume with its unit; where there is none, the reason."""
    point = report.break_even[-1]
    if point.requests_per_day is None:
        here, there = report.own.per_request_nano_usd, report.general.per_request_nano_usd
        return crossing_text(point.crossing, None), f"{usd(here)} a request, {usd(there)} there"
    below = "below " if point.crossing is Crossing.UP_TO else ""
    return f"{below}{volume(point.requests_per_day)}", "requests a day"
