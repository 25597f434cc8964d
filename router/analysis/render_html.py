"""The report as one HTML file that opens offline; `page` has what it is made of."""

from __future__ import annotations

from collections.abc import Sequence

from router.analysis import charts
from router.analysis.figures import NamedFigures, Report, Saving
from router.analysis.markup import Markup, el, joined
from router.analysis.page import (
    ABOVE,
    Cells,
    charts_grid,
    figure,
    fine,
    glued,
    page,
    page_header,
    section,
    signed,
    table,
)
from router.analysis.render_text import (
    breakdowns,
    group_cells,
    interval_text,
    outcome_rows,
    share_of_spend,
)
from router.analysis.report_words import WASTE_WORDS, cache_line, fixed_line, forecast_line
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


def report_html(report: Report) -> str:
    """The whole page, UTF-8 text; well-formed as XML too."""
    return page(
        "Tiergate cost report",
        _header(report),
        [section(*part) for part in _parts(report)],
        f"Generated {moment(report.period.generated_at_ms)} from the ledger. {EXACT}",
    )


EXACT = "Sums are exact in nano-dollars; what is shown is rounded. Percentiles are within 1 %."


def _parts(report: Report) -> list[tuple[str, str, tuple[Markup, ...]]]:
    """Title, first line and content of every section, in order."""
    parts = [
        ("Savings", SAVINGS_LEAD, _savings(report)),
        ("Spend over time", "", _days(report)),
        ("Tiers", TIERS_LEAD, _tiers(report)),
        ("Outcomes", OUTCOMES_LEAD, _outcomes(report)),
        ("Domains", DOMAINS_LEAD, _domains(report)),
        *_who_and_what(report),
        ("Why requests climbed", REASONS_LEAD, _reasons(report)),
        ("Waste", WASTE_LEAD, _waste(report)),
        ("What the calls were for", ROLES_LEAD, _roles(report)),
    ]
    if report.unknown.requests:
        parts.append(("Cost not known", "", (_unknown(report),)))
    parts.append(("How to read this", "", (fine(report.notes),)))
    return parts


SAVINGS_LEAD = (
    "Signed: a negative figure means that routing cost more than the baseline would have."
)
TIERS_LEAD = (
    "Requests count where their answer came from; their spend includes what was tried and "
    "discarded on the way. “Moved on” are requests that tried a tier and were answered higher; "
    "“own calls” is what the calls made at the tier cost, whoever answered in the end."
)
DOMAINS_LEAD = "As triage read each request. Escalated means answered above the lowest level."
REASONS_LEAD = (
    "“Decided” counts each request once, under the reason that decided. “Carried by” counts it "
    "under every reason it had, so those do not add up."
)
OUTCOMES_LEAD = (
    "What somebody told of the answers, by feedback or review; blank where nobody measured it. "
    "Rates have Wilson's 95 % interval."
)
WASTE_LEAD = (
    "Money for calls whose answer the client did not get. Each call counts in one line at most."
)
ROLES_LEAD = "Every call the gateway made. Discarded calls gave an answer that nobody saw."


def _header(report: Report) -> Markup:
    period, counts = report.period, report.counts
    begin = period.since_ms if period.since_ms is not None else period.first_row_ms
    end = period.until_ms if period.until_ms is not None else period.last_row_ms
    answered = sum(level.requests for level in report.levels)
    states = ", ".join(f"{count(n)} {plain(state)}" for state, n in counts.states)
    tiles = (
        ("Spend", usd(report.spend_nano_usd), f"{usd(report.discarded_nano_usd)} discarded"),
        ("Requests", count(counts.requests), states or "none"),
        (
            "Escalated",
            percent(counts.escalated / answered if answered else None),
            f"{count(counts.escalated)} requests",
        ),
        ("Median latency", duration(report.p50_ms), f"p95 {duration(report.p95_ms)}"),
        ("Reviews", count(counts.reviews), _verdicts(report)),
    )
    when = f"{moment(begin, period.zone)} to {moment(end, period.zone)}"
    return page_header(("Cost report", when), report.headline, tiles)


def _verdicts(report: Report) -> str:
    by_name = dict(report.counts.verdicts)
    unverified, safe = by_name.get("unverified", 0), by_name.get("safe_answer", 0)
    return f"{count(unverified)} unverified, {count(safe)} safe answers"


GROUP_COLUMNS = ("Requests", "Share", "Spend", "p50", "p95", "Accepted")


# --- sections ----------------------------------------------------------------------------------


def _savings(report: Report) -> tuple[Markup, ...]:
    columns = (
        "Baseline", "Saved", "Saved share", "95 % interval", "Baseline cost", "Own cost",
        "Compared", "Not compared",
    )  # fmt: skip
    by_baseline = table(
        "Savings against each baseline", columns, [_saving(s) for s in report.savings]
    )
    note = "The thin line is the 95 % interval."
    chart = figure("Saved share of each baseline", note, charts.savings_chart(report.savings))
    return (by_baseline, fine(report.assumptions), charts_grid(chart))


def _saving(saving: Saving) -> Cells:
    return (
        saving.label,
        signed(usd(saving.saved_nano_usd), saving.saved_nano_usd),
        signed(saved_percent(saving.saved_share), saving.saved_nano_usd),
        interval_text(saving),
        usd(saving.baseline_nano_usd),
        usd(saving.own_nano_usd),
        count(saving.compared),
        count(saving.not_compared),
    )


def _tiers(report: Report) -> tuple[Markup, ...]:
    columns = ("Tier", "Model", "Level", *GROUP_COLUMNS, "Moved on", "Own calls")
    rows = [
        (
            row.tier,
            row.model or NOTHING,
            str(row.level or NOTHING),
            *group_cells(row.figures),
            f"{count(row.figures.escalated)} of {count(row.tried)}" if row.level else NOTHING,
            usd(row.own_spend_nano_usd),
        )
        for row in report.tiers
    ]
    shares = table(
        "Share per level against the plan",
        ("Level", "Requests", "Share", "Plan", "Off plan"),
        [
            (
                f"Level {level.level}",
                count(level.requests),
                percent(level.share),
                percent(level.planned),
                NOTHING if level.planned is None else _points(level.share - level.planned),
            )
            for level in report.levels
        ],
    )
    return (
        table("Tiers", columns, rows, texts=2),
        charts_grid(
            figure("Share per level", "Upright mark: the plan.", charts.share_chart(report.levels)),
            el("div", el("h3", "Share against the plan"), shares),
            figure("Spend per tier", "", charts.spend_chart(report.tiers)),
            figure(
                "Latency per tier",
                "Median to 95th percentile, logarithmic.",
                charts.latency_chart(report.tiers),
            ),
        ),
    )


def _days(report: Report) -> tuple[Markup, ...]:
    """Spend by day as columns, its table folded away, and what the month may come to."""
    line = el("p", glued(forecast_line(report.forecast)), _class="verdict")
    if len(report.days) < MIN_COLUMNS:
        return (line,)
    by_day = next(one for one in breakdowns(report) if one[2] is report.days)
    note = "Columns: spend of the requests created then."
    return (
        figure(by_day[0], note, charts.days_chart(report.days)),
        line,
        el("details", el("summary", "The same as a table"), _named(*by_day)),
    )


MIN_COLUMNS = 2


def _named(title: str, first: str, rows: Sequence[NamedFigures]) -> Markup:
    columns = (first.capitalize(), *GROUP_COLUMNS, "Escalated")
    cells = [(row.name, *group_cells(row.figures), count(row.figures.escalated)) for row in rows]
    return table(title, columns, cells)


def _who_and_what(report: Report) -> list[tuple[str, str, tuple[Markup, ...]]]:
    """Breakdowns that have more than one name: tenants, keys, models, adapters, policies."""
    taken = (report.days, report.domains, report.request_types)
    return [
        (title, "", (_named(title, first, rows),))
        for title, first, rows in breakdowns(report)
        if rows not in taken and first not in ("domain", "request type")
    ]


def _outcomes(report: Report) -> tuple[Markup, ...]:
    rows = outcome_rows(report)
    return (
        table("Outcomes", ("Measure", "Value", "95 % interval", "Of"), rows),
        fine([fixed_line(report.fixed_model)]),
    )


def _waste(report: Report) -> tuple[Markup, ...]:
    rows = [
        (
            WASTE_WORDS[row.kind].capitalize(),
            count(row.calls),
            usd(row.spend_nano_usd),
            percent(share_of_spend(report, row)),
        )
        for row in report.waste
    ]
    chart = figure("Waste as a share of all spend", "", charts.waste_chart(report))
    by_kind = table("Waste", ("What", "Calls", "Spend", "Of all spend"), rows)
    return (by_kind, charts_grid(chart), fine([cache_line(report.cache)]))


def _points(difference: float) -> str:
    return f"{difference * 100:+.1f} pp"


def _domains(report: Report) -> tuple[Markup, ...]:
    rows = [
        (plain(row.name).capitalize(), *group_cells(row.figures), count(row.figures.escalated))
        for row in report.domains
    ]
    kinds = [
        (plain(row.name).capitalize(), *group_cells(row.figures), count(row.figures.escalated))
        for row in report.request_types
    ]
    columns = (*GROUP_COLUMNS, "Escalated")
    by_type = table("Request types", ("Request type", *columns), kinds)
    return (
        table("Domains", ("Domain", *columns), rows),
        el("div", el("h3", "By request type"), by_type, style=ABOVE),
    )


def _reasons(report: Report) -> tuple[Markup, ...]:
    columns = ("Reason", "Decided", "Their spend", "Carried by", "Their spend")
    rows = [
        (
            plain(row.reason).capitalize(),
            count(row.first_requests),
            usd(row.first_spend_nano_usd),
            count(row.any_requests),
            usd(row.any_spend_nano_usd),
        )
        for row in report.reasons
    ]
    chart = figure("Requests by the reason that decided", "", charts.reasons_chart(report.reasons))
    return (table("Why requests climbed", columns, rows), charts_grid(chart))


def _roles(report: Report) -> tuple[Markup, ...]:
    roles = [
        (
            plain(row.role.value).capitalize(),
            count(row.attempts),
            usd(row.spend_nano_usd),
            count(row.discarded),
            usd(row.discarded_nano_usd),
        )
        for row in report.roles
    ]
    bases = [
        (plain(row.basis.value).capitalize(), count(row.attempts), usd(row.spend_nano_usd))
        for row in report.bases
    ]
    by_role = table("Calls by role", ("Role", "Calls", "Spend", "Discarded", "Their spend"), roles)
    by_basis = table("Calls by cost basis", ("Cost basis", "Calls", "Spend"), bases)
    return (by_role, el("div", el("h3", "How each cost is known"), by_basis, style=ABOVE))


def _unknown(report: Report) -> Markup:
    unknown = report.unknown
    more = unknown.requests - len(unknown.named)
    rest = f" and {count(more)} more" if more > 0 else ""
    return el(
        "div",
        joined(
            f"{count(unknown.requests)} requests have a cost that is not known. They count at what "
            f"was held for them where a hold exists ({usd(unknown.held_nano_usd)} in all), and "
            "are left out of every comparison."
        ),
        el("p", ", ".join(unknown.named) + rest, _class="ids"),
        _class="warning",
    )
