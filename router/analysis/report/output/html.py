"""Renders the report as one HTML file that opens offline; `page` has its building blocks."""

from __future__ import annotations

from collections.abc import Sequence

from router.analysis.report.figures import Report, Saving
from router.analysis.report.output import charts
from router.analysis.report.output.glossary import terms_of_page
from router.analysis.report.output.leads import (
    CHARGEBACK_LEAD,
    ENDINGS_LEAD,
    GISTS,
    GROUNDS_LEAD,
    OUTCOMES_LEAD,
    REASONS_LEAD,
    REPLIES_LEAD,
    ROLES_LEAD,
    SAVINGS_LEAD,
    TIERS_LEAD,
    WASTE_LEAD,
)
from router.analysis.report.output.page_head import report_header
from router.analysis.report.output.text import EXACT, outcome_rows, share_of_spend
from router.analysis.report.output.titles import Title
from router.analysis.report.sentences import WASTE_WORDS, fixed_line, forecast_line, waste_lines
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
    tier_rows,
)
from router.rendering.figures_in_words import (
    NOTHING,
    Dollars,
    count,
    counted,
    moment,
    percent,
    plain,
)
from router.rendering.markup import Markup, el, joined
from router.rendering.page import (
    ABOVE,
    Cells,
    charts_grid,
    figure,
    fine,
    folded,
    glued,
    led_by,
    page,
    signed,
    table,
)


def report_html(report: Report, *, exact: bool = False, lines: Sequence[str] = ()) -> str:
    """Returns the whole page as UTF-8 text; it is well-formed XML too.

    `exact` shows every nano-dollar. `lines` come under the headline: what a reader must know before
    the figures.
    """
    money = money_of(report, exact)
    header = report_header(report, money, lines)
    sections = [
        folded(
            title, GISTS.get(title, ""), (*led_by(lead), *content), opened=_opened(report, title)
        )
        for title, lead, content in _parts(report, money)
    ]
    rows = [(term.name, term.meaning) for term in terms_of_page(joined(header, *sections))]
    words = table(Title.GLOSSARY, ("Word", "Meaning"), rows, texts=2)
    return page(
        "Tiergate cost report",
        header,
        [*sections, folded(Title.GLOSSARY, GISTS[Title.GLOSSARY], (words,))],
        f"Generated {moment(report.period.generated_at_ms)} from the ledger. {EXACT}",
    )


OPENED = (Title.REPLIES, Title.SAVINGS)
"""Names the sections that a payer reads first; the others are folded, and open in print."""


def _opened(report: Report, title: str) -> bool:
    """Returns True for a section that stands open. Savings that all are unknown help nobody."""
    savings = (*report.savings, *report.observed_savings)
    unknown = title == Title.SAVINGS and all(one.saved_nano_usd is None for one in savings)
    return title in OPENED and not unknown


def _parts(report: Report, money: Dollars) -> list[tuple[str, str, tuple[Markup, ...]]]:
    """Returns title, first line and content of every section, in order."""
    parts = [
        (Title.SAVINGS, SAVINGS_LEAD, _savings(report, money)),
        (Title.DAYS, "", _days(report, money)),
        (Title.TIERS, TIERS_LEAD, _tiers(report, money)),
        (Title.OUTCOMES, OUTCOMES_LEAD, _outcomes(report)),
        (Title.CHARGEBACK, CHARGEBACK_LEAD, _chargeback(report, money)),
        # Tables with a single name say nothing new, so `others` leaves them out.
        *(
            (breakdown.title, "", (_named(report, breakdown, money),))
            for breakdown in others(report)
        ),
        (Title.REASONS, REASONS_LEAD, _reasons(report, money)),
        (Title.WASTE, WASTE_LEAD, _waste(report, money)),
        (Title.ROLES, ROLES_LEAD, _roles(report, money)),
    ]
    # A table of one line only repeats the first sentence.
    if len(report.replies.lines) > 1:
        parts.insert(0, (Title.REPLIES, REPLIES_LEAD, _replies(report, money)))
    if report.replies.grounds:
        at = next(index for index, part in enumerate(parts) if part[0] == Title.SAVINGS) + 1
        parts.insert(at, (Title.GROUNDS, GROUNDS_LEAD, _grounds(report, money)))
    # Most reports have none; an empty section would only raise questions.
    if report.endings:
        at = next(index for index, part in enumerate(parts) if part[0] == Title.CHARGEBACK) + 1
        parts.insert(at, (Title.ENDINGS, ENDINGS_LEAD, _endings(report, money)))
    # A warning that is always there would not be read.
    if report.unknown.requests:
        parts.append((Title.UNKNOWN, "", (_unknown(report, money),)))
    parts.append((Title.NOTES, "", (fine(report.notes),)))
    return parts


def _titled(columns: Row) -> Row:
    """Capitalises names of columns for the page: `Their spend`, but `p50`."""
    return tuple(name if name in ("p50", "p95") else name[0].upper() + name[1:] for name in columns)


def _summed(caption: str, columns: Row, rows: Sequence[Row], texts: int = 1) -> Markup:
    """Renders a table whose last row is its total, where it has one."""
    sums = frozenset(index for index, row in enumerate(rows) if row[0] == TOTAL)
    return table(caption, _titled(columns), rows, texts, sums)


def _replies(report: Report, money: Dollars) -> tuple[Markup, ...]:
    return (_summed(Title.REPLIES, reply_columns(report), reply_rows(report, money)),)


def _savings(report: Report, money: Dollars) -> tuple[Markup, ...]:
    """Renders the tables and the chart, then their assumptions."""
    parts: list[Markup] = []
    if has_routed_savings(report):
        by_baseline = _saving_table("Savings against each baseline", report.savings, money)
        parts = [by_baseline]
        if charts.drawn_savings(report.savings):
            drawn = charts.savings_chart(report.savings)
            note = "The thin line is the 95 % interval."
            if charts.beyond_scale(report.savings):
                note += " A bar that reaches the left edge goes on beyond it."
            parts.append(charts_grid(figure("Saved share of each baseline", note, drawn)))
    if report.observed_savings:
        title = "What routing would have saved where it only observed"
        observed = _saving_table(title, report.observed_savings, money)
        parts.append(el("div", el("h3", title), observed, style=ABOVE))
    how = el("summary", "How savings are reckoned")
    return (*parts, el("details", how, fine(report.assumptions)))


def _grounds(report: Report, money: Dollars) -> tuple[Markup, ...]:
    rows = [(row[0][0].upper() + row[0][1:], *row[1:]) for row in grounds_rows(report, money)]
    return (_summed(Title.GROUNDS, GROUNDS_COLUMNS, rows),)


def _saving_table(title: str, savings: Sequence[Saving], money: Dollars) -> Markup:
    return table(title, _titled(SAVING_COLUMNS), [_saving(saving, money) for saving in savings])


def _saving(saving: Saving, money: Dollars) -> Cells:
    # The same cells as in the terminal; the page only adds colour.
    label, saved, accepted, share, *rest = saving_row(saving, money)
    # No colour of a gain for what is not enough to tell, or may be chance.
    if not saving.tellable or saving.may_be_chance:
        return (label, saved, accepted, share, *rest)
    sign = saving.saved_nano_usd
    return (
        label,
        signed(saved, sign),
        signed(accepted, saving.accepted_saved_nano_usd),
        signed(share, sign),
        *rest,
    )


def _tiers(report: Report, money: Dollars) -> tuple[Markup, ...]:
    columns = ("tier", "model", "level", *GROUP_COLUMNS, "moved on", "own calls")
    # The page shows the model before the level, since both names are words.
    rows = [(row[0], row[2], row[1], *row[3:]) for row in tier_rows(report, money)]
    planned = any(level.planned is not None for level in report.levels)
    mark = "Upright mark: the plan." if planned else ""
    return (
        _summed(Title.TIERS, columns, rows, texts=2),
        charts_grid(
            figure("Share per level", mark, charts.share_chart(report.levels)),
            *([_against_plan(report)] if planned else []),
            figure("Spend per tier", "", charts.spend_chart(report.tiers, money)),
            figure(
                "Latency per tier",
                "Median to 95th percentile, logarithmic.",
                charts.latency_chart(report.tiers),
            ),
        ),
    )


def _against_plan(report: Report) -> Markup:
    """Compares the levels' shares with those that the policy plans."""
    shares = table(
        "Share per level against the plan",
        ("Level", "Requests", "Share", "Plan", "Off plan"),
        [
            (
                f"Level {level.level}",
                count(level.requests),
                percent(share),
                percent(level.planned),
                NOTHING if level.planned is None else _points(share - round(level.planned, 3)),
            )
            for level, share in zip(report.levels, level_shares(report.levels), strict=True)
        ],
    )
    return el("div", el("h3", "Share against the plan"), shares)


def _days(report: Report, money: Dollars) -> tuple[Markup, ...]:
    """Renders spend by day as columns, its table folded, and the forecast of the month."""
    line = el("p", glued(forecast_line(report.forecast, money)), _class="verdict")
    # One column compares with nothing.
    if len(report.days) < MIN_COLUMNS:
        return (line,)
    by_day = by_days(report)
    note = "Columns: spend that was booked then; a place without a column had none."
    if not charts.draws_empty_days(report.days):
        note = "Columns: spend that was booked then. Times without a request are left out."
    return (
        figure(by_day.title, note, charts.days_chart(report.days, money)),
        line,
        el("details", el("summary", "The same as a table"), _named(report, by_day, money)),
    )


MIN_COLUMNS = 2


def _named(report: Report, breakdown: Breakdown, money: Dollars) -> Markup:
    columns = (breakdown.first, *GROUP_COLUMNS, ABOVE_LOWEST)
    return _summed(breakdown.title, columns, named_rows(report, breakdown, money))


def _chargeback(report: Report, money: Dollars) -> tuple[Markup, ...]:
    """Renders a table for each way to charge the spend."""
    return tuple(
        el(
            "div",
            el("h3", breakdown.title),
            _summed(
                breakdown.title,
                (breakdown.first, *PAYING_COLUMNS),
                paying_rows(report, breakdown, money),
            ),
            style=ABOVE if index else None,
        )
        for index, breakdown in enumerate(chargeback(report))
    )


def _endings(report: Report, money: Dollars) -> tuple[Markup, ...]:
    rows = [(row[0].capitalize(), *row[1:]) for row in ending_rows(report, money)]
    return (table(Title.ENDINGS, _titled(ENDING_COLUMNS), rows, texts=2),)


def _outcomes(report: Report) -> tuple[Markup, ...]:
    rows = outcome_rows(report)
    return (
        table(Title.OUTCOMES, ("Measure", "Value", "95 % interval", "Of"), rows),
        fine([fixed_line(report.fixed_model)]),
    )


def _waste(report: Report, money: Dollars) -> tuple[Markup, ...]:
    rows = [
        (
            WASTE_WORDS[row.kind].capitalize(),
            count(row.calls),
            money(row.spend_nano_usd),
            percent(share_of_spend(report, row)),
        )
        for row in report.waste
    ]
    chart = figure("Waste as a share of all spend", "", charts.waste_chart(report, money))
    by_kind = table(Title.WASTE, ("What", "Calls", "Spend", "Of all spend"), rows)
    return (by_kind, charts_grid(chart), fine(waste_lines(report.unknown, report.cache, money)))


def _points(difference: float) -> str:
    return f"{difference * 100:+.1f} pp"


def _reasons(report: Report, money: Dollars) -> tuple[Markup, ...]:
    rows = [(row[0][:1].upper() + row[0][1:], *row[1:]) for row in reason_rows(report, money)]
    raised = charts.reasons_chart(report.escalation_reasons, money)
    chart = figure("Above the lowest level, by the reason that decided", "", raised)
    title = Title.REASONS
    return (_summed(title, REASON_COLUMNS, rows), charts_grid(chart))


def _roles(report: Report, money: Dollars) -> tuple[Markup, ...]:
    roles = [
        (
            plain(row.role.value).capitalize(),
            count(row.attempts),
            money(row.spend_nano_usd),
            count(row.discarded),
            money(row.discarded_nano_usd),
        )
        for row in report.roles
    ]
    bases = [
        (plain(row.basis.value).capitalize(), count(row.attempts), money(row.spend_nano_usd))
        for row in report.bases
    ]
    by_role = table("Calls by role", ("Role", "Calls", "Spend", "Discarded", "Their spend"), roles)
    by_basis = table("Calls by cost basis", ("Cost basis", "Calls", "Spend"), bases)
    return (by_role, el("div", el("h3", "How each cost is known"), by_basis, style=ABOVE))


def _unknown(report: Report, money: Dollars) -> Markup:
    unknown = report.unknown
    # The report names only the first few ids, since there may be thousands.
    more = unknown.requests - len(unknown.named)
    rest = f" and {count(more)} more" if more > 0 else ""
    return el(
        "div",
        joined(
            f"{counted(unknown.requests, 'request has', 'requests have')} a cost that is not "
            "known. Such a request counts at what was held for it where a hold exists "
            f"({money(unknown.held_nano_usd)} in all), and is left out of every comparison."
        ),
        el("p", ", ".join(unknown.named) + rest, _class="ids"),
        _class="warning",
    )
