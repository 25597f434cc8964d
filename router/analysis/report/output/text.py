"""Renders the report for a terminal: first the sentences, then the tables, then bar charts.

It fits 80 columns: a table that is too wide continues below itself, and no figure is cut. Names
from outside are plain text, never rich markup.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from router.analysis.report.figures import Report, Saving, WasteFigures
from router.analysis.report.output.charts import spending
from router.analysis.report.output.glossary import Term, terms_in
from router.analysis.report.output.titles import Title
from router.analysis.report.sentences import (
    NOT_MEASURED,
    WASTE_WORDS,
    cache_line,
    fixed_line,
    forecast_line,
    measured,
    measured_between,
    waste_lines,
)
from router.analysis.report.tables import (
    ABOVE_LOWEST,
    ENDING_COLUMNS,
    GROUNDS_COLUMNS,
    GROUP_COLUMNS,
    PAYING_COLUMNS,
    REASON_COLUMNS,
    SAVING_COLUMNS,
    TOTAL,
    Breakdown,
    Row,
    by_days,
    chargeback,
    ending_rows,
    filters_line,
    grounds_rows,
    has_routed_savings,
    level_shares,
    money_of,
    named_rows,
    others,
    paying_rows,
    reason_rows,
    reply_columns,
    reply_rows,
    saving_row,
    states_line,
    tier_rows,
)
from router.rendering.figures_in_words import (
    NOTHING,
    Dollars,
    count,
    counted,
    duration,
    moment,
    percent,
    plain,
    share_of,
    shown_model,
)
from router.rendering.terminal_parts import Sheet, add_bar, add_row, fine_lines, text_table

_EMPTY = re.compile(rf"{NOTHING}|\$?0(\.0+)?")
"""Matches a cell that says nothing where its column has no other; a share of 0 % says much."""
EXACT = (
    "Sums are exact in nano-dollars; what is shown is rounded one by one, so that a column of "
    "amounts may miss its total by the last digit. Percentiles are within 1 %."
)
WIDEST = 1_000
"""Columns of a terminal on which nothing folds, so that no term is divided."""


def print_report(
    report: Report, console: Console, *, exact: bool = False, words: bool = False
) -> None:
    """Prints the whole report on `console`.

    `exact` shows every nano-dollar, `words` explains every term, not only those that a reader of
    the first sentences needs.
    """
    console.print(report_renderable(report, exact=exact, words=words))


def report_renderable(
    report: Report, *, exact: bool = False, words: bool = False
) -> RenderableType:
    """Returns the report as one rich renderable."""
    # One formatter for the whole report, so that columns agree on their decimals.
    money = money_of(report, exact)
    empty = nothing_to_tell(report, money)
    if empty is not None:
        return empty
    first: list[RenderableType] = [
        Text(report.sentences[0], style="bold"),
        *(Text(sentence) for sentence in report.sentences[1:]),
        Text(),
        Text(_facts(report, money), style="dim"),
        *_replies(report, money),
        *_savings(report, money),
        *_grounds(report, money),
        _tiers(report, money),
    ]
    parts = [
        *first,
        *_breakdowns(report, money),
        sheet(Title.REASONS, REASON_COLUMNS, reason_rows(report, money)),
        *_endings(report, money),
        _roles(report, money),
        *_waste(report, money),
        *_outcomes(report),
        *_charts(report, money),
    ]
    if report.unknown.requests:
        unknown = Text(unknown_line(report, money), style="yellow")
        parts.append(Padding(unknown, (1, 0, 0, 0)))
    forecast = forecast_line(report.forecast, money)
    fixed = fixed_line(report.fixed_model)
    parts.append(fine_lines((*report.assumptions, fixed, forecast, *report.notes, EXACT)))
    return Group(*parts, _glossary(parts) if words else _first_words(first, parts))


def nothing_to_tell(report: Report, money: Dollars) -> RenderableType | None:
    """Returns all that is shown of a period in which nothing was booked; None for any other."""
    if report.counts.requests or report.spend_nano_usd or report.bases:
        return None
    # Tables of nothing, and how they would be counted, would hide the sentence that says so.
    return Group(*map(Text, report.sentences), Text(), Text(_facts(report, money), style="dim"))


def _glossary(parts: Sequence[RenderableType]) -> RenderableType:
    """Renders the terms that the parts show, each with its meaning."""
    lines = text_table(Title.GLOSSARY, ("word", "meaning"), left=2)
    for term in _terms(parts):
        add_row(lines, (term.name, term.meaning))
    return Padding(lines, (1, 0, 0, 0))


def _first_words(
    first: Sequence[RenderableType], parts: Sequence[RenderableType]
) -> RenderableType:
    """Renders the terms of the first parts in a few lines, and says how to read the others."""
    told, every = _terms(first), _terms(parts)
    lines = [Text(Title.GLOSSARY, style="bold")]
    meanings = Text()
    for term in told:
        meanings.append(f"{term.name}: ", style="bold").append(f"{term.meaning} ", style="dim")
    lines.append(meanings)
    more = len(every) - len(told)
    if more:
        words = counted(more, "other word", "other words")
        lines.append(Text(f"`tiergate report --words` explains {words} too, such as the reasons."))
    return Padding(Group(*lines), (1, 0, 0, 0))


def _terms(parts: Sequence[RenderableType]) -> tuple[Term, ...]:
    """Returns the terms that stand in the parts."""
    shown = Console(file=StringIO(), width=WIDEST, color_system=None)
    with shown.capture() as capture:
        shown.print(Group(*parts))
    return terms_in(capture.get())


def _facts(report: Report, money: Dollars) -> str:
    return (
        f"{about(report)}{states_line(report) or 'no requests'}; "
        f"spend {money(report.spend_nano_usd)}, of it discarded "
        f"{money(report.discarded_nano_usd)}; {_saved(report, money)}"
        f"unverified {percent(report.quality.unverified_share)}; {latencies(report)}"
    )


def about(report: Report) -> str:
    """Writes "2026-11-01 00:00 UTC to 2026-12-01 00:00 UTC; only tenant acme; "."""
    period = report.period
    begin = period.since_ms if period.since_ms is not None else period.first_row_ms
    end = period.until_ms if period.until_ms is not None else period.last_row_ms
    chosen = filters_line(report)
    only = f"only {chosen}; " if chosen else ""
    return f"{moment(begin, period.zone)} to {moment(end, period.zone)}; {only}"


def latencies(report: Report) -> str:
    """Writes "latency of replies p50 13 ms, p95 1.2 s"."""
    return f"latency of replies p50 {duration(report.p50_ms)}, p95 {duration(report.p95_ms)}"


def _saved(report: Report, money: Dollars) -> str:
    """Writes "saved $467.50, accepted replies only $400.00 (baseline: ...); ", or "".

    It is empty where no saving is known.
    """
    saving = report.leading_saving
    if saving is None:
        return ""
    accepted = money(saving.accepted_saved_nano_usd)
    saved = f"saved {money(saving.saved_nano_usd)}, accepted replies only {accepted}"
    return f"{saved} (baseline: {saving.label}); "


def sheet(
    title: str,
    columns: Row,
    rows: Sequence[Row],
    left: int = 1,
    styles: Sequence[str | None] = (),
) -> RenderableType:
    """Renders a table with a bold total, without columns in which nothing stands."""
    chosen = [
        i for i in range(len(columns)) if i < left or not all(_EMPTY.fullmatch(r[i]) for r in rows)
    ]
    table = Sheet(title, [columns[i] for i in chosen], left)
    for row, style in zip(
        rows, styles or ["bold" if r[0] == TOTAL else None for r in rows], strict=True
    ):
        table.add([row[i] for i in chosen], style)
    return Padding(table, (1, 0, 0, 0))


def _tiers(report: Report, money: Dollars) -> RenderableType:
    columns = ("tier", "level", "model", *GROUP_COLUMNS, "moved on", "own calls")
    return sheet(Title.TIERS, columns, tier_rows(report, money), left=3)


def _breakdowns(report: Report, money: Dollars) -> list[RenderableType]:
    sheets = []
    for breakdown in chargeback(report):
        if len(breakdown.rows) < 2:  # a single name repeats the whole
            continue
        columns = (breakdown.first, *PAYING_COLUMNS)
        sheets.append(sheet(breakdown.title, columns, paying_rows(report, breakdown, money)))
    days = by_days(report)
    for breakdown in (*((days,) if len(days.rows) > 1 else ()), *others(report)):
        if breakdown.rows and _in_tiers(report, breakdown):
            continue
        columns = (breakdown.first, *GROUP_COLUMNS, ABOVE_LOWEST)
        sheets.append(sheet(breakdown.title, columns, named_rows(report, breakdown, money)))
    return sheets


def _in_tiers(report: Report, breakdown: Breakdown) -> bool:
    """Returns True for the table of models where that of tiers has the same rows."""
    tiers = {(tier.model, tier.figures.requests) for tier in report.tiers if tier.figures.requests}
    same = {(row.name, row.figures.requests) for row in breakdown.rows} == tiers
    return same and len(tiers) == len(breakdown.rows)


def _replies(report: Report, money: Dollars) -> list[RenderableType]:
    # A table of one line only repeats the first sentence.
    if len(report.replies.lines) < 2:
        return []
    return [sheet(Title.REPLIES, reply_columns(report), reply_rows(report, money))]


def _grounds(report: Report, money: Dollars) -> list[RenderableType]:
    rows = grounds_rows(report, money)
    return [sheet(Title.GROUNDS, GROUNDS_COLUMNS, rows)] if rows else []


def _savings(report: Report, money: Dollars) -> list[RenderableType]:
    sheets = []
    if has_routed_savings(report):
        sheets.append(_saving_sheet("Savings, signed", report.savings, money))
    if report.observed_savings:
        title = "What routing would have saved where it only observed, signed"
        sheets.append(_saving_sheet(title, report.observed_savings, money))
    return sheets


def _saving_sheet(title: str, savings: tuple[Saving, ...], money: Dollars) -> RenderableType:
    rows = [saving_row(saving, money) for saving in savings]
    return sheet(title, SAVING_COLUMNS, rows, styles=["red" if _lost(s) else None for s in savings])


def _lost(saving: Saving) -> bool:
    return saving.saved_nano_usd is not None and saving.saved_nano_usd < 0


def _endings(report: Report, money: Dollars) -> list[RenderableType]:
    if not report.endings:
        return []
    rows = ending_rows(report, money)
    return [sheet(Title.ENDINGS, ENDING_COLUMNS, rows, left=2)]


def _roles(report: Report, money: Dollars) -> RenderableType:
    columns = ("role", "calls", "spend", "discarded", "discarded spend")
    rows = [
        (
            plain(row.role.value),
            count(row.attempts),
            money(row.spend_nano_usd),
            count(row.discarded),
            money(row.discarded_nano_usd),
        )
        for row in report.roles
    ]
    return sheet(Title.ROLES, columns, rows)


def _waste(report: Report, money: Dollars) -> list[RenderableType]:
    cache = fine_lines([cache_line(report.cache, money)])
    waste = fine_lines(waste_lines(report.unknown, report.cache, money))
    if not any(row.calls for row in report.waste):
        return [cache]
    table = Sheet(Title.WASTE, ("what", "calls", "spend", "of all spend"))
    for row in report.waste:
        table.add(
            (
                WASTE_WORDS[row.kind],
                count(row.calls),
                money(row.spend_nano_usd),
                percent(share_of_spend(report, row)),
            )
        )
    return [Padding(table, (1, 0, 0, 0)), waste]


def share_of_spend(report: Report, row: WasteFigures) -> float | None:
    """Returns a waste's share of all spend; None where that says nothing."""
    return share_of(row.spend_nano_usd, report.shared_nano_usd)


def replied(report: Report) -> int:
    """Returns the requests that got a reply, whose latencies the report has."""
    return report.counts.requests - sum(row.requests for row in report.endings)


def outcome_rows(report: Report) -> list[tuple[str, str, str, str]]:
    """Returns the outcomes that people ask for: measure, value, 95 % interval, count."""
    rows = _outcome_rows(report)
    total = count(replied(report))
    rows.append(("Latency, median", duration(report.p50_ms), NOTHING, total))
    rows.append(("Latency, 95th percentile", duration(report.p95_ms), NOTHING, total))
    for level, share in zip(report.levels, level_shares(report.levels), strict=True):
        plan = f" (plan {percent(level.planned)})" if level.planned is not None else ""
        words = level.without_model
        told = f", {count(words)} of them words without a model" if words else ""
        rows.append(
            (
                f"Share of level {level.level}{plan}{told}",
                percent(share),
                NOTHING,
                count(level.requests),
            )
        )
    return rows


def _outcome_rows(report: Report) -> list[tuple[str, str, str, str]]:
    return [
        (
            measure.label,
            measured(measure),
            measured_between(measure),
            count(measure.count) if measure.count else NOTHING,
        )
        for measure in report.outcomes
    ]


def _outcomes(report: Report) -> list[RenderableType]:
    """Renders the outcomes; those that nobody measured share one line.

    Latencies stand in the line of facts, and shares of levels in a chart and the table of tiers.
    """
    unmeasured = [each.label for each in report.outcomes if measured(each) == NOT_MEASURED]
    told = [fine_lines([f"{NOT_MEASURED.capitalize()}: {'; '.join(unmeasured)}."])]
    return [*told_outcomes(report), *(told if unmeasured else [])]


def told_outcomes(report: Report) -> list[RenderableType]:
    """Renders the outcomes that somebody measured; no table where there are none."""
    columns = ("measure", "value", "95 % interval", "of")
    rows = [row for row in _outcome_rows(report) if row[1] != NOT_MEASURED]
    return [sheet(Title.OUTCOMES, columns, rows)] if rows else []


def unknown_line(report: Report, money: Dollars) -> str:
    """Counts the requests whose cost nobody knows, with what is held for them and the first ids."""
    named = ", ".join(report.unknown.named)
    more = report.unknown.requests - len(report.unknown.named)
    rest = f" and {count(more)} more" if more > 0 else ""
    held = money(report.unknown.held_nano_usd)
    return (
        f"Cost not known for {counted(report.unknown.requests, 'request', 'requests')}, "
        f"held at most {held}: "
        f"{named}{rest}."
    )


def _charts(report: Report, money: Dollars) -> list[RenderableType]:
    """Renders the bars. One bar alone, always full, would say nothing."""
    planned = any(level.planned is not None for level in report.levels)
    title = "Share per level against the plan (│)" if planned else "Share per level"
    shares = text_table(title, ("level", "", "share", *(["plan"] * planned)), left=2)
    for level, share in zip(report.levels, level_shares(report.levels), strict=True):
        figures = (percent(share), *([percent(level.planned)] * planned))
        add_bar(shares, f"level {level.level}", level.share, level.planned, *figures)
    spend = text_table("Spend per tier", ("tier", "", "spend"), left=2)
    # Bars are shares of the dearest tier, so at least one of them is full.
    tiers = spending(report.tiers)
    most = max((t.figures.spend_nano_usd for t in tiers), default=0) or 1
    for tier in tiers:
        share = tier.figures.spend_nano_usd / most
        twin = any(other is not tier and other.tier == tier.tier for other in tiers)
        name = f"{tier.tier} · {shown_model(tier.model)}" if twin and tier.model else tier.tier
        add_bar(spend, name, share, None, money(tier.figures.spend_nano_usd))
    charts = [(shares, planned or len(report.levels) > 1), (spend, len(tiers) > 1)]
    return [Padding(chart, (1, 0, 0, 0)) for chart, says_something in charts if says_something]
