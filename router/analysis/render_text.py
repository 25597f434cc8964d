"""The report for a terminal: first the sentence, then the tables, then the charts as bars.

In 80 columns too: a table that is too wide goes on below itself, and no figure is cut.
Names from outside go in as plain text, never as rich markup.
"""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from router.analysis.figures import GroupFigures, NamedFigures, Report, Saving, WasteFigures
from router.analysis.report_words import (
    WASTE_WORDS,
    cache_line,
    fixed_line,
    forecast_line,
    measured,
    measured_between,
)
from router.analysis.terminal_parts import Sheet, add_bar, fine_lines, text_table
from router.analysis.wording import (
    NOTHING,
    count,
    duration,
    moment,
    percent,
    plain,
    saved_percent,
    usd,
)


def print_report(report: Report, console: Console) -> None:
    """Print the whole report on `console`."""
    console.print(report_renderable(report))


def report_renderable(report: Report) -> RenderableType:
    """The report as one rich renderable."""
    parts: list[RenderableType] = [
        Padding(Text(report.headline, style="bold"), (1, 0, 1, 0)),
        Text(_facts(report), style="dim"),
        _savings(report),
        fine_lines(
            (*report.assumptions, fixed_line(report.fixed_model), forecast_line(report.forecast))
        ),
        _tiers(report),
        *_breakdowns(report),
        _reasons(report),
        _roles(report),
        _waste(report),
        _outcomes(report),
        _charts(report),
    ]
    if report.unknown.requests:
        parts.append(_unknown(report))
    parts.append(fine_lines(report.notes))
    return Group(*parts)


def _facts(report: Report) -> str:
    period, counts = report.period, report.counts
    states = ", ".join(f"{count(n)} {plain(state)}" for state, n in counts.states)
    begin = period.since_ms if period.since_ms is not None else period.first_row_ms
    end = period.until_ms if period.until_ms is not None else period.last_row_ms
    return (
        f"{moment(begin, period.zone)} to {moment(end, period.zone)}; {states or 'no requests'}; "
        f"spend {usd(report.spend_nano_usd)}, of it discarded {usd(report.discarded_nano_usd)}; "
        f"latency p50 {duration(report.p50_ms)}, p95 {duration(report.p95_ms)}"
    )


GROUP_COLUMNS = ("requests", "share", "spend", "p50", "p95", "accepted")


def group_cells(figures: GroupFigures) -> tuple[str, ...]:
    """A group's figures in the order of GROUP_COLUMNS."""
    return (
        count(figures.requests),
        percent(figures.share),
        usd(figures.spend_nano_usd),
        duration(figures.p50_ms),
        duration(figures.p95_ms),
        percent(figures.acceptance),
    )


def _tiers(report: Report) -> RenderableType:
    table = Sheet("Tiers", ("tier", "level", "model", *GROUP_COLUMNS, "moved on"), left=3)
    for row in report.tiers:
        table.add(
            (
                row.tier,
                str(row.level or NOTHING),
                row.model,
                *group_cells(row.figures),
                f"{count(row.figures.escalated)} of {count(row.tried)}" if row.level else NOTHING,
            ),
        )
    return Padding(table, (1, 0, 0, 0))


def breakdowns(report: Report) -> tuple[tuple[str, str, tuple[NamedFigures, ...]], ...]:
    """Title, first column and rows of each breakdown by name.

    One with a single name says what the whole says, and is left out; domains and request types are
    always there.
    """
    days = "month" if report.days and len(report.days[0].name) == len("2026-11") else "day"
    optional = (
        (f"By {days} ({report.period.zone})", days, report.days),
        ("Tenants", "tenant", report.tenants),
        ("Keys", "key", report.keys),
        ("Models", "model", report.models),
        ("Adapters", "adapter", report.adapters),
        ("Policies", "policy version", report.policies),
    )
    return (
        ("Domains", "domain", tuple(_spaced(row) for row in report.domains)),
        ("Request types", "request type", tuple(_spaced(row) for row in report.request_types)),
        *(one for one in optional if len(one[2]) > 1),
    )


def _spaced(row: NamedFigures) -> NamedFigures:
    return NamedFigures(plain(row.name), row.figures)


def _breakdowns(report: Report) -> list[RenderableType]:
    found: list[RenderableType] = []
    for title, first, rows in breakdowns(report):
        table = Sheet(title, (first, *GROUP_COLUMNS, "escalated"))
        for row in rows:
            table.add((row.name, *group_cells(row.figures), count(row.figures.escalated)))
        found.append(Padding(table, (1, 0, 0, 0)))
    return found


def _savings(report: Report) -> RenderableType:
    table = Sheet(
        "Savings, signed",
        (
            "baseline",
            "saved",
            "saved %",
            "95 % interval",
            "baseline cost",
            "own cost",
            "compared",
            "not",
        ),
    )
    for saving in report.savings:
        lost = saving.saved_nano_usd is not None and saving.saved_nano_usd < 0
        table.add(
            (
                saving.label,
                usd(saving.saved_nano_usd),
                saved_percent(saving.saved_share),
                interval_text(saving),
                usd(saving.baseline_nano_usd),
                usd(saving.own_nano_usd),
                count(saving.compared),
                count(saving.not_compared),
            ),
            "red" if lost else None,
        )
    return Padding(table, (1, 0, 0, 0))


def interval_text(saving: Saving) -> str:
    """The saved share's interval, a dash where there is none."""
    if saving.share_interval is None:
        return NOTHING
    low, high = saving.share_interval.low, saving.share_interval.high
    return f"{saved_percent(low)} to {saved_percent(high)}"


def _reasons(report: Report) -> RenderableType:
    columns = ("reason", "decided", "their spend", "carried by", "their spend")
    table = Sheet("Why requests climbed", columns)
    for row in report.reasons:
        table.add(
            (
                plain(row.reason),
                count(row.first_requests),
                usd(row.first_spend_nano_usd),
                count(row.any_requests),
                usd(row.any_spend_nano_usd),
            ),
        )
    if not report.reasons:
        table.add(("none did", "", "", "", ""))
    return Padding(table, (1, 0, 0, 0))


def _roles(report: Report) -> RenderableType:
    columns = ("role", "calls", "spend", "discarded", "discarded spend")
    table = Sheet("What the calls were for", columns)
    for row in report.roles:
        table.add(
            (
                plain(row.role.value),
                count(row.attempts),
                usd(row.spend_nano_usd),
                count(row.discarded),
                usd(row.discarded_nano_usd),
            ),
        )
    return Padding(table, (1, 0, 0, 0))


def _waste(report: Report) -> RenderableType:
    table = Sheet("Waste", ("what", "calls", "spend", "of all spend"))
    for row in report.waste:
        table.add(
            (WASTE_WORDS[row.kind], count(row.calls), usd(row.spend_nano_usd),
             percent(share_of_spend(report, row)))
        )  # fmt: skip
    return Group(Padding(table, (1, 0, 0, 0)), fine_lines([cache_line(report.cache)]))


def share_of_spend(report: Report, row: WasteFigures) -> float | None:
    """A waste's share of all spend, None where nothing was spent."""
    return row.spend_nano_usd / report.spend_nano_usd if report.spend_nano_usd else None


def outcome_rows(report: Report) -> list[tuple[str, str, str, str]]:
    """What people ask for: measure, value, 95 % interval, of how many."""
    rows = [
        (
            one.label,
            measured(one),
            measured_between(one),
            count(one.count) if one.count else NOTHING,
        )
        for one in report.outcomes
    ]
    total = count(report.counts.requests)
    rows.append(("Latency, median", duration(report.p50_ms), NOTHING, total))
    rows.append(("Latency, 95th percentile", duration(report.p95_ms), NOTHING, total))
    for level in report.levels:
        plan = f" (plan {percent(level.planned)})" if level.planned is not None else ""
        rows.append(
            (f"Share of level {level.level}{plan}", percent(level.share), NOTHING,
             count(level.requests))
        )  # fmt: skip
    return rows


def _outcomes(report: Report) -> RenderableType:
    table = Sheet("Outcomes", ("measure", "value", "95 % interval", "of"))
    for row in outcome_rows(report):
        table.add(row)
    return Padding(table, (1, 0, 0, 0))


def _unknown(report: Report) -> RenderableType:
    named = ", ".join(report.unknown.named)
    more = report.unknown.requests - len(report.unknown.named)
    rest = f" and {count(more)} more" if more > 0 else ""
    held = usd(report.unknown.held_nano_usd)
    text = (
        f"Cost not known for {count(report.unknown.requests)} requests, held at most {held}: "
        f"{named}{rest}."
    )
    return Padding(Text(text, style="yellow"), (1, 0, 0, 0))


def _charts(report: Report) -> RenderableType:
    shares = text_table(
        "Share per level against the plan (│)", ("level", "", "share", "plan"), left=2
    )
    for level in report.levels:
        add_bar(
            shares, f"level {level.level}", level.share, level.planned, percent(level.share),
            percent(level.planned),
        )  # fmt: skip
    spend = text_table("Spend per tier", ("tier", "", "spend"), left=2)
    most = max((t.figures.spend_nano_usd for t in report.tiers), default=0) or 1
    for tier in report.tiers:
        share = tier.figures.spend_nano_usd / most
        add_bar(spend, tier.tier, share, None, usd(tier.figures.spend_nano_usd))
    return Group(Padding(shares, (1, 0, 0, 0)), Padding(spend, (1, 0, 0, 0)))
