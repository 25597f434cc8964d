"""Draws a plan's charts: both ways of a month, where they cross, the years, the tornado."""

from __future__ import annotations

from router.plan.figures import PlanReport, Side
from router.plan.output.labels import line_label
from router.plan.output.sentences import volume
from router.rendering.figures_in_words import clean, short_usd, usd, whole_usd
from router.rendering.markup import Markup, el, joined
from router.rendering.svg import Line, bar, chart, frame, rect, track, upright, width_percent

MAX_BARS = 16
LEGEND_SHOWN = 24

TOP_PX = 56
"""Leaves room for two lines of legend."""
PLOT_PX = 220
BELOW_PX = 44
"""Leaves room for two lines of text: the volume, and its name."""


def sides_chart(report: PlanReport) -> Markup:
    """Draws a month either way, on one scale."""
    sides = (report.own, report.general)
    most = max(side.month_nano_usd for side in sides)
    lines = [
        Line(
            clean(side.name),
            usd(side.month_nano_usd),
            (track(), *bar(side.month_nano_usd / most if most else 0.0)),
        )
        for side in sides
    ]
    return chart("sides", "A month either way", "Cost of a month, from 0 to the dearer way.", lines)


def lines_chart(report: PlanReport) -> Markup:
    """Draws the lines of a month with Tiergate, the largest first."""
    ordered = sorted(report.own.lines, key=lambda line: -line.month_nano_usd)[:MAX_BARS]
    most = max((line.month_nano_usd for line in ordered), default=0)
    lines = [
        Line(
            line_label(line),
            usd(line.month_nano_usd),
            (track(), *bar(line.month_nano_usd / most if most else 0.0)),
        )
        for line in ordered
    ]
    text = "Lines of a month's cost, on a scale from 0 to the largest."
    return chart("lines", "What a month is made of", text, lines)


def crossing_chart(report: PlanReport) -> Markup:
    """Draws the cost of a month over the requests in it: two straight lines that may meet."""
    point = report.break_even[-1]
    planned = report.requests_per_day * report.days_per_year / 12
    meet = float(point.requests_per_month or 0)
    # The break-even lies in the middle; without one, the planned volume does.
    most = 2 * meet if meet else 2 * planned or 1.0
    # Only the difference in fixed costs must be covered, so the part that both have is left out.
    own_start, general_start = (
        max(point.fixed_month_nano_usd, 0),
        max(-point.fixed_month_nano_usd, 0),
    )
    # The first year's prices hold for the whole picture, as for the break-even itself.
    own_end = own_start + most * report.own.per_request_nano_usd
    general_end = general_start + most * report.general.per_request_nano_usd
    top = max(own_end, general_end) or 1.0

    def y(nano_usd: float) -> float:
        return TOP_PX + PLOT_PX * (1 - nano_usd / top)

    content = [
        _axis(most),
        _slope("other", y(general_start), y(general_end)),
        _slope("own", y(own_start), y(own_end)),
        _legend(0, "other", report.general, general_start),
        _legend(1, "own", report.own, own_start),
    ]
    if meet:
        height = y(own_start + meet * report.own.per_request_nano_usd)
        content.append(_meeting(meet / most, height, meet))
    # Two labels closer than a fifth of the width would overlap.
    if 0 < planned <= most and not (meet and abs(planned - meet) / most < 0.2):
        content.append(_volume_mark(planned / most, planned, "planned"))
    text = (
        "Cost of a month over the number of requests in it, first year's prices. The lines meet "
        "at the break-even; right of it the flatter line is the cheaper one."
    )
    return frame("crossing", "Where it breaks even", text, content, TOP_PX + PLOT_PX + BELOW_PX)


def years_chart(report: PlanReport) -> Markup:
    """Draws the signed sum saved by the end of each year, at today's value."""
    values = [year.saved_so_far_nano_usd for year in report.years]
    # Zero is always in the picture: bars start there.
    low, high = min(0, *values), max(0, *values)
    span = high - low or 1

    def place(value: int) -> float:
        return (value - low) / span

    lines = []
    for year in report.years:
        value = year.saved_so_far_nano_usd
        begin, end = sorted((place(0), place(value)))
        shapes = [track(), rect("bar" if value >= 0 else "bar loss", begin, end)]
        name = f"By the end of year {year.year}" if year.year else "At the start"
        lines.append(Line(name, whole_usd(value), (*shapes, upright("zero", place(0)))))
    text = (
        "Saved so far at today's value. Bars to the right of the upright line are saved, bars to "
        "the left are still owed."
    )
    return chart("years", "Saved so far", text, lines)


def tornado_chart(report: PlanReport) -> Markup:
    """Draws the effect of each input moved separately; the one that matters most is on top."""
    base = report.totals.net_present_value_nano_usd
    # The swings are sorted, so the inputs left out matter least.
    shown = report.swings[:MAX_BARS]
    ends = [end for swing in shown for end in (swing.low_nano_usd, swing.high_nano_usd)]
    # Bars start at the plan's own value, not at zero, so that small swings stay visible.
    low, high = min([base, *ends]), max([base, *ends])
    span = high - low or 1

    def place(value: int) -> float:
        return (value - low) / span

    lines = [
        Line(
            clean(swing.name),
            f"{short_usd(swing.low_nano_usd)} to {short_usd(swing.high_nano_usd)}",
            (
                track(),
                rect("lower", *sorted((place(base), place(swing.low_nano_usd)))),
                rect("bar", *sorted((place(base), place(swing.high_nano_usd)))),
                upright("mark", place(base)),
            ),
        )
        for swing in shown
    ]
    text = (
        "Net present value with one input moved at a time; grey: lower, coloured: higher. The "
        "upright mark is the plan."
    )
    return chart("tornado", "What matters most", text, lines)


def _slope(kind: str, begin: float, end: float) -> Markup:
    return el("line", x1="0%", x2="100%", y1=f"{begin:.1f}", y2=f"{end:.1f}", _class=kind)


def _axis(most: float) -> Markup:
    bottom = TOP_PX + PLOT_PX
    return joined(
        el("line", x1="0%", x2="100%", y1=str(bottom), y2=str(bottom), _class="grid"),
        _tick("0", "0%", bottom + 16, "start"),
        _tick(f"{volume(most)} a month", "100%", bottom + 16, "end"),
    )


def _tick(text: str, x: str, y: float, anchor: str) -> Markup:
    return el("text", text, x=x, y=f"{y:.1f}", text_anchor=anchor, _class="tick edged")


def _legend(row: int, kind: str, side: Side, fixed_nano_usd: int) -> Markup:
    """Draws a sample of the line, the name of its side, and its formula."""
    y = 8 + 20 * row
    each = f"{usd(side.per_request_nano_usd)} a request"
    fixed = f"{whole_usd(fixed_nano_usd)} + " if fixed_nano_usd else ""
    text = f"{clean(side.name)[:LEGEND_SHOWN]}: {fixed}{each}"
    return joined(
        el("line", x1="0", x2="18", y1=str(y), y2=str(y), _class=kind),
        el("text", text, x="26", y=str(y + 5)),
    )


def _meeting(place: float, height: float, requests: float) -> Markup:
    return joined(
        _volume_mark(place, requests, "break-even"),
        el("circle", cx=width_percent(place), cy=f"{height:.1f}", r="6", _class="dot open"),
    )


def _volume_mark(place: float, requests: float, label: str) -> Markup:
    bottom = TOP_PX + PLOT_PX
    x = width_percent(place)
    anchor = "start" if place < 0.15 else "end" if place > 0.85 else "middle"
    return joined(
        el("line", x1=x, x2=x, y1=str(TOP_PX), y2=str(bottom), _class="grid"),
        _tick(f"{label}: {volume(requests)}", x, bottom + 34, anchor),
    )
