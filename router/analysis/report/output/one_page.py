"""Renders the page that `tiergate report` prints first: paid, saved, how good, by whom.

It has the figures of the full report that a person who pays asks for. A table of one row, or with
nothing to say, is left out; its last lines name what `--all` has beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.text import Text

from router.analysis.report.figures import GroupFigures, Report, Saving
from router.analysis.report.named_savings import BASELINE_WORDS, HEADLINE_ORDER
from router.analysis.report.output.text import (
    about,
    latencies,
    nothing_to_tell,
    sheet,
    told_outcomes,
)
from router.analysis.report.sentences import forecast_line
from router.analysis.report.tables import (
    TOTAL,
    Row,
    accepted_text,
    by_days,
    interval_text,
    money_of,
    reply_columns,
    reply_rows,
    summed,
)
from router.rendering.figures_in_words import (
    NOTHING,
    Dollars,
    count,
    duration,
    parts_in_percent,
    percent,
    plain,
    shown_model,
    shown_saving,
)
from router.rendering.terminal_parts import fine_lines

MOST_ROWS = 6
"""Bounds the rows of a table by name; `--all` has them all."""
MOST_DAYS = 7
"""A week's days are read one by one, those of a month as a sum."""
ACCEPTED_OF = (
    "`accepted` is a share of answers, and of words in place of an answer, which nobody accepts. "
    "It leaves out questions back and labels, mostly of level 1; only `requests` counts them."
)
MORE = (
    "`tiergate report --all` has every table (by key, tag, endpoint, domain, type, model, policy "
    "and reason; waste, calls, charts, requests of unknown cost), how savings are reckoned, and "
    "the words; `--html FILE` draws it, `--json` and `--csv` have every figure, `--exact` every "
    "digit."
)


def print_page(report: Report, console: Console, *, exact: bool = False) -> None:
    """Prints the page on `console`; `exact` shows every nano-dollar."""
    console.print(page_renderable(report, exact=exact))


def page_renderable(report: Report, *, exact: bool = False) -> RenderableType:
    """Returns the page as one rich renderable."""
    money = money_of(report, exact)
    empty = nothing_to_tell(report, money)
    if empty is not None:
        return empty
    told = report.told
    first, *others = told.paid
    return Group(
        Text(first, style="bold"),
        *map(Text, others),
        Text(f"{about(report)}{latencies(report)}", style="dim"),
        *_paid(report, money),
        *_saved(report, money),
        *_paragraph(told.quality),
        *told_outcomes(report),
        *_paragraph(told.faults),
        *_without_reply(report),
        *_paragraph(told.later),
        *_tiers(report, money),
        *_tenants(report, money),
        *_days(report, money),
        fine_lines(
            [
                *_forecast(report, money),
                MORE,
            ]
        ),
    )


def _paragraph(sentences: Sequence[str]) -> list[RenderableType]:
    return [Text(), *map(Text, sentences)] if sentences else []


def _paid(report: Report, money: Dollars) -> list[RenderableType]:
    """Renders what the requests got, each kind with what it cost."""
    lines = report.replies.lines
    if len(lines) < 2:  # the first sentence says it
        return []
    shares = parts_in_percent([line.spend_nano_usd for line in lines], report.shared_nano_usd)
    rows = [
        (*row, share)
        for row, share in zip(
            reply_rows(report, money), [*shares, _whole_spend(report)], strict=True
        )
    ]
    columns = (*reply_columns(report), "of spend")
    return [sheet("What was paid for", columns, rows)]


def _saved(report: Report, money: Dollars) -> list[RenderableType]:
    """Renders the sentences of savings, the baselines that may be told, and why the first is."""
    parts = _paragraph(report.told.saved)
    for title, savings, leading in (
        ("What each baseline would have cost", report.savings, report.leading),
        (
            "Observed only: what each would have cost",
            report.observed_savings,
            report.leading_observed,
        ),
    ):
        told = sorted((s for s in savings if s.tellable), key=lambda s: s.key != leading)
        if told:
            parts.append(_saving_sheet(title, told, money))
    if report.leading_saving is not None:
        parts.append(fine_lines([_why(report)]))
    return parts


def _saving_sheet(title: str, savings: Sequence[Saving], money: Dollars) -> RenderableType:
    columns = (
        "baseline",
        "would have cost",
        "routing cost",
        "saved",
        "saved %",
        "95 % interval",
        "compared",
    )
    rows = [
        (
            saving.label,
            money(saving.baseline_nano_usd),
            money(saving.own_nano_usd),
            money(saving.saved_nano_usd),
            shown_saving(saving.saved_share),
            interval_text(saving),
            count(saving.compared),
        )
        for saving in savings
    ]
    lost = [(saving.saved_nano_usd or 0) < 0 for saving in savings]
    return sheet(title, columns, rows, styles=["red" if one else None for one in lost])


def _why(report: Report) -> str:
    """States why the first sentences name their baseline, and what it stands for."""
    if report.passed_over:
        return report.passed_over
    asked = BASELINE_WORDS[HEADLINE_ORDER[0]]
    return f"The baseline is {asked}: without routing, those would have been paid."


def _tiers(report: Report, money: Dollars) -> list[RenderableType]:
    """Renders who answered, the dearest by themselves, and a note of what `accepted` leaves out."""
    rows = [
        _Line(
            (tier.tier, str(tier.level or NOTHING), _model(tier.model)),
            tier.figures,
            (duration(tier.figures.p50_ms),),
        )
        for tier in report.tiers
        if tier.figures.requests or tier.figures.spend_nano_usd
    ]
    columns = ("tier", "level", "model", *_COLUMNS, "p50", "accepted")
    listed, figures = _largest(rows, report, money)
    accepted = [accepted_text(group, report) for group in figures]
    cells = [(*row, share) for row, share in zip(listed, accepted, strict=True)]
    answered = sheet("Who answered", columns, cells, left=3)
    told = [tier.figures for tier in report.tiers]
    asked_back = any(one.judged < one.requests - one.refused - one.failed for one in told)
    return [answered, fine_lines([ACCEPTED_OF])] if asked_back else [answered]


def _tenants(report: Report, money: Dollars) -> list[RenderableType]:
    if len(report.tenants) < 2:
        return []
    rows = [
        _Line(
            (tenant.shown,),
            tenant.figures,
            (tenant.figures.refused, tenant.figures.failed),
        )
        for tenant in report.tenants
    ]
    columns = ("tenant", *_COLUMNS, "not admitted", "failed or left")
    return [sheet("Who pays", columns, _largest(rows, report, money)[0])]


def _days(report: Report, money: Dollars) -> list[RenderableType]:
    breakdown = by_days(report)
    if not 1 < len(breakdown.rows) <= MOST_DAYS:
        return []
    rows = [_Line((row.shown,), row.figures) for row in breakdown.rows]
    return [sheet(breakdown.title, (breakdown.first, *_COLUMNS), _by_spend(rows, report, money)[0])]


_COLUMNS = ("requests", "of all", "spend", "of spend")


@dataclass(frozen=True, slots=True)
class _Line:
    """Holds one row before it is formatted; numbers add up in a sum of rows, texts do not."""

    names: Row
    figures: GroupFigures
    others: tuple[str | int, ...] = ()

    @property
    def spend(self) -> int:
        return self.figures.spend_nano_usd


_Listed = tuple[list[Row], list[GroupFigures]]
"""Holds the rows of a table with the total, and the figures of each."""


def _largest(lines: Sequence[_Line], report: Report, money: Dollars) -> _Listed:
    """Returns the rows of the largest spend in their order, the others as one, and the total."""
    if len(lines) <= MOST_ROWS:
        return _by_spend(lines, report, money)
    kept = sorted(lines, key=lambda line: (-line.spend, -line.figures.requests))[: MOST_ROWS - 1]
    rest = [line for line in lines if line not in kept]
    names = ("(all others)", *[NOTHING] * (len(lines[0].names) - 1))
    sums = _summed(names, rest)
    return _by_spend([*(line for line in lines if line in kept), sums], report, money)


def _summed(names: Row, lines: Sequence[_Line]) -> _Line:
    """Returns the sum of the lines; what does not add up is a dash."""
    others = []
    for cells in zip(*(line.others for line in lines), strict=True):
        numbers = [cell for cell in cells if isinstance(cell, int)]
        others.append(sum(numbers) if numbers else NOTHING)
    return _Line(names, summed([line.figures for line in lines]), tuple(others))


def _model(name: str) -> str:
    return shown_model(name) if name else NOTHING


def _by_spend(lines: Sequence[_Line], report: Report, money: Dollars) -> _Listed:
    """Returns the rows with their shares, and the total."""
    total = _summed((TOTAL, *[NOTHING] * (len(lines[0].names) - 1)), lines)
    requests = [line.figures.requests for line in lines]
    of_all = parts_in_percent(requests, total.figures.requests)
    of_spend = parts_in_percent([line.spend for line in lines], report.shared_nano_usd)
    whole = (percent(1.0 if total.figures.requests else None), _whole_spend(report))
    rows = [
        (
            *line.names,
            count(line.figures.requests),
            share,
            money(line.spend),
            part,
            *(cell if isinstance(cell, str) else count(cell) for cell in line.others),
        )
        for line, share, part in zip(
            [*lines, total], [*of_all, whole[0]], [*of_spend, whole[1]], strict=True
        )
    ]
    return rows, [line.figures for line in (*lines, total)]


def _whole_spend(report: Report) -> str:
    return percent(1.0 if report.shared_nano_usd else None)


def _without_reply(report: Report) -> list[RenderableType]:
    """Counts the requests without a reply by their reason, in one sentence."""
    if not report.endings:
        return []
    each = ", ".join(f"{count(row.requests)} {plain(row.code)}" for row in report.endings)
    return [Text(f"Without a reply, by reason: {each}.")]


def _forecast(report: Report, money: Dollars) -> list[str]:
    month = report.forecast
    return [] if month.expected_nano_usd is None else [forecast_line(month, money)]
