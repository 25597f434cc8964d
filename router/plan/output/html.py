"""Renders a plan's report as one HTML file that opens offline; `page` has its building blocks."""

from __future__ import annotations

from router.plan.figures import CostLine, PlanReport, Side
from router.plan.output import charts
from router.plan.output.labels import (
    ONE_MORE,
    count_text,
    crossing_cells,
    each_texts,
    line_label,
    ratio_cells,
    returns_text,
    saved_label,
    tiles,
    unit_text,
)
from router.plan.output.sentences import years_text
from router.rendering.figures_in_words import NOTHING, clean, count, percent, usd, whole_usd
from router.rendering.markup import Markup, el
from router.rendering.page import (
    ABOVE,
    Cells,
    charts_grid,
    figure,
    fine,
    page,
    page_header,
    section,
    signed,
    table,
)

FOOTER = (
    "A plan, not a bill: computed by tiergate plan from what its file states. Sums are exact in "
    "nano-dollars; what is shown is rounded."
)


def plan_html(report: PlanReport) -> str:
    """Returns the whole page as UTF-8 text; it is well-formed XML too."""
    header = page_header(
        ("Plan", clean(report.name)), report.headline, tiles(report), report.verdicts
    )
    sections = [
        section("What it costs", COSTS_LEAD, _costs(report)),
        section("Where it breaks even", CROSSING_LEAD, _break_even(report)),
        section(f"Over {years_text(len(report.years) - 1)}", YEARS_LEAD, _years(report)),
        section("What matters most", _tornado_lead(report), _tornado(report)),
    ]
    return page(f"Tiergate plan: {clean(report.name)}", header, sections, FOOTER)


COSTS_LEAD = "In the first year, at its prices, with all traffic moved over."
CROSSING_LEAD = (
    "Fixed costs are paid whether or not requests come; each request covers a part of them by what "
    "it costs less. Where nothing is left to cover, both ways cost the same."
)
YEARS_LEAD = (
    "Signed: a negative figure means that it costs more. Today's value discounts each year from "
    "its end; what is paid once counts in full."
)


def _tornado_lead(report: PlanReport) -> str:
    share = percent(report.swing, 0)
    return (
        f"Each input moved alone, {share} down and {share} up, and what that does to the net "
        "present value. The bars do not add up."
    )


def _costs(report: PlanReport) -> tuple[Markup, ...]:
    rows: list[Cells] = []
    sums = set[int]()
    for side in (report.own, report.general):
        rows += [_line(line) for line in side.lines]
        # A sum of one line would only repeat it.
        if len(side.lines) > 1:
            sums.add(len(rows))
            rows.append(_sum(side))
            more = each_texts(side)[1]
            if more is not None:
                rows.append((ONE_MORE.capitalize(), NOTHING, more, NOTHING, NOTHING, NOTHING))
    own, general = report.own, report.general
    sums.add(len(rows))
    rows.append(
        (
            saved_label(report).capitalize(),
            NOTHING,
            NOTHING,
            *(
                signed(usd(there - here), there - here)
                for here, there in (
                    (own.day_nano_usd, general.day_nano_usd),
                    (own.month_nano_usd, general.month_nano_usd),
                    (own.year_nano_usd, general.year_nano_usd),
                )
            ),
        )
    )
    columns = ("", "A day", "Each", "Cost a day", "A month", "A year")
    made = table("What it costs", columns, rows, sums=frozenset(sums))
    return (
        made,
        fine(report.assumptions),
        charts_grid(
            figure("A month either way", "", charts.sides_chart(report)),
            figure(
                f"What a month with {clean(own.name)} is made of",
                "",
                charts.lines_chart(report),
            ),
        ),
    )


def _line(line: CostLine) -> Cells:
    return (
        line_label(line),
        count_text(line),
        unit_text(line),
        usd(line.day_nano_usd),
        usd(line.month_nano_usd),
        usd(line.year_nano_usd),
    )


def _sum(side: Side) -> Cells:
    return (
        f"{clean(side.name)}, together",
        NOTHING,
        each_texts(side)[0],
        usd(side.day_nano_usd),
        usd(side.month_nano_usd),
        usd(side.year_nano_usd),
    )


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _break_even(report: PlanReport) -> tuple[Markup, ...]:
    columns = ("Counting", "Fixed a month", "Requests a month", "Requests a day")
    rows = [crossing_cells(point) for point in report.break_even]
    points = table("Where it breaks even", columns, [(_first_upper(a), *b) for a, *b in rows])
    # The chart shows the stricter break-even: with one-off costs where there are any.
    label = _first_upper(report.break_even[-1].label)
    drawn = figure("Cost of a month over its requests", f"{label}.", charts.crossing_chart(report))
    # Without fixed costs any cheaper request pays, so there is no ratio to show.
    if not report.ratios:
        return (points, charts_grid(drawn))
    ratios = table(
        "Break-even by price ratio",
        ("A request there costs", "A request here", "Requests a month"),
        [ratio_cells(row) for row in report.ratios],
        sums=frozenset(index for index, row in enumerate(report.ratios) if row.is_plan),
    )
    note = f"{clean(report.general.name)} at its price; only monthly fixed costs."
    by_ratio = el(
        "div", el("h3", "By price ratio"), ratios, el("ul", el("li", note), _class="fine")
    )
    return (points, charts_grid(drawn, by_ratio))


def _years(report: PlanReport) -> tuple[Markup, ...]:
    columns = (
        "Year",
        "Requests",
        clean(report.own.name),
        clean(report.general.name),
        "Saved",
        "Saved, today's value",
        "So far",
    )
    rows: list[Cells] = [
        (
            str(year.year) if year.year else "Start",
            count(round(year.requests)) if year.year else NOTHING,
            whole_usd(year.own_nano_usd),
            whole_usd(year.general_nano_usd),
            signed(whole_usd(year.saved_nano_usd), year.saved_nano_usd),
            signed(whole_usd(year.discounted_saved_nano_usd), year.discounted_saved_nano_usd),
            signed(whole_usd(year.saved_so_far_nano_usd), year.saved_so_far_nano_usd),
        )
        for year in report.years
    ]
    chart = figure(
        "Saved so far",
        "At today's value, by the end of each year.",
        charts.years_chart(report),
    )
    sides = [table("Years", columns, rows), charts_grid(chart, _totals(report))]
    return tuple(sides)


def _totals(report: PlanReport) -> Markup:
    totals = report.totals
    value = totals.net_present_value_nano_usd
    columns = ("", clean(report.own.name), clean(report.general.name), "Saved")
    rows: list[Cells] = [
        (
            "As paid",
            whole_usd(totals.own_nano_usd),
            whole_usd(totals.general_nano_usd),
            signed(whole_usd(totals.saved_nano_usd), totals.saved_nano_usd),
        ),
        (
            "Today's value",
            whole_usd(totals.discounted_own_nano_usd),
            whole_usd(totals.discounted_general_nano_usd),
            signed(whole_usd(value), value),
        ),
    ]
    parts = [el("h3", "Total cost of ownership"), table("Total cost of ownership", columns, rows)]
    parts.append(fine((returns_text(totals),)))
    if report.one_off:
        rows_once: list[Cells] = [(line_label(line), usd(line.nano_usd)) for line in report.one_off]
        if len(report.one_off) > 1:
            rows_once.append(("Together", usd(totals.one_off_nano_usd)))
        last = frozenset({len(report.one_off)})
        once = table("Paid once", ("Paid once, at the start", "Cost"), rows_once, sums=last)
        parts.append(el("div", once, style=ABOVE))
    return el("div", *parts)


def _tornado(report: PlanReport) -> tuple[Markup, ...]:
    if not report.swings:
        return (el("p", "Nothing that could be moved changes the value.", _class="empty"),)
    columns = ("Input", "From", "To", "Value if lower", "Value if higher")
    rows: list[Cells] = [
        (
            clean(swing.name),
            swing.low,
            swing.high,
            signed(whole_usd(swing.low_nano_usd), swing.low_nano_usd),
            signed(whole_usd(swing.high_nano_usd), swing.high_nano_usd),
        )
        for swing in report.swings
    ]
    note = "Grey: the input lower; coloured: higher. Upright mark: the plan."
    return (
        table("What matters most", columns, rows),
        charts_grid(figure("Net present value", note, charts.tornado_chart(report))),
    )
