"""Renders a plan's report for a terminal: sentences, tables, assumptions, and charts as bars."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from router.plan.figures import PlanReport, Side
from router.plan.output.labels import (
    ONE_MORE,
    count_text,
    crossing_cells,
    each_texts,
    line_label,
    ratio_cells,
    returns_text,
    saved_label,
    unit_text,
)
from router.plan.output.sentences import rate_text, years_text
from router.rendering.figures_in_words import (
    NOTHING,
    clean,
    count,
    percent,
    short_usd,
    usd,
    whole_usd,
)
from router.rendering.terminal_parts import add_bar, add_row, fine_lines, stretch, text_table

ABOVE = (1, 0, 0, 0)
TORNADO_WIDTH = 14
SWINGS_SHOWN = 12
"""Bounds the list: later inputs matter less than these. JSON, CSV and HTML list all."""


def print_plan(report: PlanReport, console: Console) -> None:
    """Prints the whole report on `console`."""
    console.print(plan_renderable(report))


def plan_renderable(report: PlanReport) -> RenderableType:
    """Returns the report as one rich renderable."""
    parts: list[RenderableType] = [
        Text(report.headline, style="bold"),
        *(Padding(Text(verdict), ABOVE) for verdict in report.verdicts),
        _costs(report),
        _break_even(report),
    ]
    if report.ratios:
        parts.append(_ratios(report))
    if report.one_off:
        parts.append(_one_off(report))
    parts += [_years(report), _totals(report), fine_lines(report.assumptions), _month(report)]
    if report.swings:
        parts.append(_tornado(report))
    return Group(*parts, Text())


def _costs(report: PlanReport) -> RenderableType:
    title = "What it costs in the first year, all traffic moved over"
    table = text_table(title, ("", "a day", "each", "cost a day", "a month"))
    own, general = report.own, report.general
    _side_rows(table, own)
    _side_rows(table, general)
    day = general.day_nano_usd - own.day_nano_usd
    month = general.month_nano_usd - own.month_nano_usd
    style = "bold red" if month < 0 else "bold green"
    add_row(table, (saved_label(report), "", "", usd(day), usd(month)), style)
    return Padding(table, ABOVE)


def _side_rows(table: Table, side: Side) -> None:
    for line in side.lines:
        cells = (line_label(line), count_text(line), unit_text(line))
        add_row(table, (*cells, usd(line.day_nano_usd), usd(line.month_nano_usd)))
    # A sum of one line would only repeat it.
    if len(side.lines) > 1:
        each, more = each_texts(side)
        sums = (f"{clean(side.name)}, together", "", each)
        add_row(table, (*sums, usd(side.day_nano_usd), usd(side.month_nano_usd)), "bold")
        if more is not None:
            add_row(table, (ONE_MORE, "", more, "", ""), "dim")


def _break_even(report: PlanReport) -> RenderableType:
    columns = ("counting", "fixed a month", "requests a month", "a day")
    table = text_table("Where it breaks even", columns)
    for point in report.break_even:
        add_row(table, crossing_cells(point))
    return Padding(table, ABOVE)


def _ratios(report: PlanReport) -> RenderableType:
    columns = ("a request there costs", "a request here", "requests a month")
    table = text_table("Break-even by price ratio, only monthly fixed costs", columns)
    for row in report.ratios:
        add_row(table, ratio_cells(row), "bold" if row.is_plan else None)
    return Padding(table, ABOVE)


def _one_off(report: PlanReport) -> RenderableType:
    table = text_table("Paid once, at the start", ("", "cost"))
    for line in report.one_off:
        add_row(table, (line_label(line), usd(line.nano_usd)))
    if len(report.one_off) > 1:
        add_row(table, ("together", usd(report.totals.one_off_nano_usd)), "bold")
    return Padding(table, ABOVE)


def _years(report: PlanReport) -> RenderableType:
    span = years_text(len(report.years) - 1).capitalize()
    name = clean(report.general.name)
    columns = ("year", "requests", report.own.name, name, "saved", "saved so far, today's value")
    table = text_table(f"{span}, discounted at {rate_text(report.discount_rate)}", columns)
    for year in report.years:
        add_row(
            table,
            (
                str(year.year) if year.year else "start",
                count(round(year.requests)) if year.year else NOTHING,
                whole_usd(year.own_nano_usd),
                whole_usd(year.general_nano_usd),
                whole_usd(year.saved_nano_usd),
                whole_usd(year.saved_so_far_nano_usd),
            ),
            "red" if year.saved_nano_usd < 0 else None,
        )
    return Padding(table, ABOVE)


def _totals(report: PlanReport) -> RenderableType:
    totals = report.totals
    name = clean(report.general.name)
    table = text_table("In all", ("", report.own.name, name, "saved"))
    add_row(
        table,
        (
            "as paid",
            whole_usd(totals.own_nano_usd),
            whole_usd(totals.general_nano_usd),
            whole_usd(totals.saved_nano_usd),
        ),
    )
    add_row(
        table,
        (
            "today's value (TCO, NPV)",
            whole_usd(totals.discounted_own_nano_usd),
            whole_usd(totals.discounted_general_nano_usd),
            whole_usd(totals.net_present_value_nano_usd),
        ),
        "bold",
    )
    return Padding(Group(table, Text(returns_text(totals), style="dim")), ABOVE)


def _month(report: PlanReport) -> RenderableType:
    table = text_table("A month", ("", "", "cost"), left=2)
    sides = (report.own, report.general)
    # Both ways may be free; then both bars are empty.
    most = max(side.month_nano_usd for side in sides) or 1
    for side in sides:
        cost = side.month_nano_usd
        add_bar(table, clean(side.name), cost / most, None, usd(cost))
    return Padding(table, ABOVE)


def _tornado(report: PlanReport) -> RenderableType:
    base = report.totals.net_present_value_nano_usd
    ends = [end for swing in report.swings for end in (swing.low_nano_usd, swing.high_nano_usd)]
    # The report has swings here, so at least two values differ and the scale is not empty.
    low, high = min(base, *ends), max(base, *ends)

    def place(value: int) -> float:
        return (value - low) / (high - low)

    percents = percent(report.swing, 0)
    title = f"What matters most: value (NPV) with each input {percents} lower and higher"
    table = text_table(title, ("input", "from, to", "lower", "higher", ""))
    for swing in report.swings[:SWINGS_SHOWN]:
        drawn = stretch(
            place(swing.low_nano_usd), place(swing.high_nano_usd), place(base), TORNADO_WIDTH
        )
        table.add_row(
            Text(clean(swing.name)),
            Text(f"{swing.low} to {swing.high}"),
            Text(short_usd(swing.low_nano_usd)),
            Text(short_usd(swing.high_nano_usd)),
            Text(drawn, style="cyan"),
        )
    return Padding(table, ABOVE)
