"""The report as one HTML file that opens offline: no script, nothing fetched, light and dark.

Everything that is text goes through `markup`, which escapes it. A Content-Security-Policy in the
page forbids all that the page does not need, should a browser ever be made to think otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.analysis import charts
from router.analysis.figures import Report, Saving
from router.analysis.markup import Markup, el, joined
from router.analysis.page_style import STYLE
from router.analysis.render_text import group_cells, interval_text
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

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

Cells = Sequence[str | Markup]


def report_html(report: Report) -> str:
    """The whole page, UTF-8 text; well-formed as XML too."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="Content-Security-Policy", content=POLICY),
        el("meta", name="referrer", content="no-referrer"),
        el("title", "Tiergate cost report"),
        el("style", Markup(STYLE)),
    )
    body = el(
        "body",
        _header(report),
        el("main", *(_section(*part) for part in _parts(report))),
        el("footer", f"Generated {moment(report.period.generated_at_ms)} from the ledger. {EXACT}"),
    )
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


EXACT = "Sums are exact in nano-dollars; what is shown is rounded. Percentiles are within 1 %."


def _parts(report: Report) -> list[tuple[str, str, tuple[Markup, ...]]]:
    """Title, first line and content of every section, in order."""
    parts = [
        ("Savings", SAVINGS_LEAD, _savings(report)),
        ("Tiers", TIERS_LEAD, _tiers(report)),
        ("Domains", DOMAINS_LEAD, _domains(report)),
        ("Why requests climbed", REASONS_LEAD, _reasons(report)),
        ("What the calls were for", ROLES_LEAD, _roles(report)),
    ]
    if report.unknown.requests:
        parts.append(("Cost not known", "", (_unknown(report),)))
    parts.append(("How to read this", "", (_fine(report.notes),)))
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
    return el(
        "header",
        el(
            "p",
            el("strong", "Tiergate"),
            el("span", "Cost report"),
            el("span", f"{moment(begin)} to {moment(end)}"),
            _class="eyebrow",
        ),
        el("h1", _glued(report.headline)),
        el(
            "dl",
            *(
                el("div", el("dt", a), el("dd", b), el("dd", c, _class="small"), _class="tile")
                for a, b, c in tiles
            ),
            _class="tiles",
        ),
    )


def _glued(text: str) -> str:
    """`text` with no line break between a figure and its per cent sign."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def _verdicts(report: Report) -> str:
    by_name = dict(report.counts.verdicts)
    unverified, safe = by_name.get("unverified", 0), by_name.get("safe_answer", 0)
    return f"{count(unverified)} unverified, {count(safe)} safe answers"


def _section(title: str, lead: str, content: tuple[Markup, ...]) -> Markup:
    first = (el("p", lead, _class="lead"),) if lead else ()
    return el("section", el("h2", title), *first, *content)


# --- tables ------------------------------------------------------------------------------------


def _table(caption: str, columns: Sequence[str], rows: Sequence[Cells], texts: int = 1) -> Markup:
    """A table whose first column names the row; the first `texts` columns are words."""
    kinds = ["t wrap" if at < texts else None for at in range(len(columns))]
    head = el(
        "tr",
        *(el("th", c, scope="col", _class=k) for c, k in zip(columns, kinds, strict=True)),
    )
    body = [
        el(
            "tr",
            *(
                _cell(at, cell, kind)
                for at, (cell, kind) in enumerate(zip(row, kinds, strict=True))
            ),
        )
        for row in rows
    ]
    if not rows:
        body = [el("tr", el("td", "None.", _class="t", colspan=str(len(columns))))]
    table = el("table", el("caption", caption), el("thead", head), el("tbody", *body))
    return el("div", table, _class="scroll", tabindex="0", role="region", aria_label=caption)


def _cell(at: int, cell: str | Markup, kind: str | None) -> Markup:
    if isinstance(cell, Markup):
        return cell
    return el("th", cell, scope="row", _class=kind) if at == 0 else el("td", cell, _class=kind)


def _signed(text: str, nano_usd: int | None) -> Markup:
    kind = None if nano_usd in (None, 0) else "loss" if (nano_usd or 0) < 0 else "gain"
    return el("td", text, _class=kind)


GROUP_COLUMNS = ("Requests", "Share", "Spend", "p50", "p95", "Accepted")


def _figure(title: str, note: str, chart: Markup) -> Markup:
    caption = el("figcaption", title, el("small", note)) if note else el("figcaption", title)
    return el("figure", caption, chart)


def _charts(*figures: Markup) -> Markup:
    return el("div", *figures, _class="charts")


def _fine(lines: Sequence[str]) -> Markup:
    return el("ul", *(el("li", _glued(line)) for line in lines), _class="fine")


# --- sections ----------------------------------------------------------------------------------


def _savings(report: Report) -> tuple[Markup, ...]:
    columns = (
        "Baseline", "Saved", "Saved share", "95 % interval", "Baseline cost", "Own cost",
        "Compared", "Not compared",
    )  # fmt: skip
    table = _table("Savings against each baseline", columns, [_saving(s) for s in report.savings])
    note = "The thin line is the 95 % interval."
    chart = _figure("Saved share of each baseline", note, charts.savings_chart(report.savings))
    return (table, _fine(report.assumptions), _charts(chart))


def _saving(saving: Saving) -> Cells:
    return (
        saving.label,
        _signed(usd(saving.saved_nano_usd), saving.saved_nano_usd),
        _signed(saved_percent(saving.saved_share), saving.saved_nano_usd),
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
    shares = _table(
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
        _table("Tiers", columns, rows, texts=2),
        _charts(
            _figure(
                "Share per level", "Upright mark: the plan.", charts.share_chart(report.levels)
            ),
            el("div", el("h3", "Share against the plan"), shares),
            _figure("Spend per tier", "", charts.spend_chart(report.tiers)),
            _figure(
                "Latency per tier",
                "Median to 95th percentile, logarithmic.",
                charts.latency_chart(report.tiers),
            ),
        ),
    )


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
    by_type = _table("Request types", ("Request type", *columns), kinds)
    return (
        _table("Domains", ("Domain", *columns), rows),
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
    chart = _figure("Requests by the reason that decided", "", charts.reasons_chart(report.reasons))
    return (_table("Why requests climbed", columns, rows), _charts(chart))


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
    by_role = _table("Calls by role", ("Role", "Calls", "Spend", "Discarded", "Their spend"), roles)
    by_basis = _table("Calls by cost basis", ("Cost basis", "Calls", "Spend"), bases)
    return (by_role, el("div", el("h3", "How each cost is known"), by_basis, style=ABOVE))


ABOVE = "margin-top:32px"


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
