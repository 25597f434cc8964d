"""Draws the report's charts, one function each; `svg` has the shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from router.analysis.calendar import days_between
from router.analysis.report.figures import (
    LevelShare,
    NamedFigures,
    ReasonFigures,
    Report,
    Saving,
    TierFigures,
)
from router.analysis.report.output.titles import Title
from router.analysis.report.sentences import WASTE_WORDS
from router.analysis.report.tables import level_shares
from router.rendering.figures_in_words import (
    Dollars,
    count,
    counted,
    duration,
    percent,
    plain,
    share_of,
    shown_model,
    shown_saving,
)
from router.rendering.markup import Markup, el
from router.rendering.svg import (
    Line,
    across,
    bar,
    cap,
    chart,
    frame,
    rect,
    span,
    track,
    upright,
    width_percent,
)

LOWEST_SHARE = -2.0
"""Bounds the scale: savings below -200 % are drawn there; the figure next to the bar is exact."""

MAX_BARS = 12


def share_chart(levels: Sequence[LevelShare]) -> Markup:
    """Draws answered requests per level; an upright mark is the plan, where a policy states one."""
    lines = [
        Line(
            f"Level {level.level}",
            percent(share)
            if level.planned is None
            else f"{percent(share)}, plan {percent(level.planned)}",
            (
                track(),
                *bar(level.share),
                *(() if level.planned is None else (upright("mark", level.planned),)),
            ),
        )
        for level, share in zip(levels, level_shares(levels), strict=True)
    ]
    planned = any(level.planned is not None for level in levels)
    marks = ", upright marks the planned share" if planned else ""
    return chart(
        "share",
        "Share of replies per level",
        f"Bars show the share that came about{marks}.",
        lines,
    )


def spend_chart(tiers: Sequence[TierFigures], money: Dollars) -> Markup:
    """Draws the cost of the requests that each tier answered."""
    tiers = spending(tiers)
    most = max((tier.figures.spend_nano_usd for tier in tiers), default=0)
    lines = [
        Line(
            f"{tier.tier} · {shown_model(tier.model)}" if tier.model else tier.tier,
            money(tier.figures.spend_nano_usd),
            (track(), *bar(tier.figures.spend_nano_usd / most if most else 0.0)),
        )
        for tier in tiers[:MAX_BARS]
    ]
    text = "Spend of the requests answered by each tier, on a scale from 0 to the largest."
    return chart("spend", "Spend per tier", text, lines)


def spending(tiers: Sequence[TierFigures]) -> list[TierFigures]:
    """Returns the tiers that have requests or spend of requests.

    Others have only calls of their own: what reading took is spend of the tier that answered.
    """
    return [tier for tier in tiers if tier.figures.requests or tier.figures.spend_nano_usd]


COLUMNS_PX = 150
MOST_COLUMNS = 400
"""Bounds the columns of a chart, a year of days: of a clock that was years off it would draw
thousands."""


def days_chart(days: Sequence[NamedFigures], money: Dollars) -> Markup:
    """Draws spend by day (or month) as columns, each with its figure; days without any are drawn.

    What bills corrected may bring a day below 0: its column hangs down.
    """
    columns = _with_empty_ones(days)
    spends = [day.figures.spend_nano_usd if day else 0 for _, day in columns]
    most, least = max(0, *spends), min(0, *spends)
    scale = COLUMNS_PX / (most - least) if most > least else 0.0
    zero = TOP_PX + (round(most * scale, 1) if most > least else float(COLUMNS_PX))
    width = 1 / len(columns)
    shapes = []
    for place, ((name, day), spend) in enumerate(zip(columns, spends, strict=True)):
        height = round(abs(spend) * scale, 1)
        requests = counted(day.figures.requests if day else 0, "request", "requests")
        shapes.append(
            el(
                "g",
                el("title", f"{name}: {money(spend)}, {requests}"),
                el(
                    "rect",
                    x=width_percent(place * width + width * 0.12),
                    y=str(zero if spend < 0 else round(zero - height, 1)),
                    width=width_percent(width * 0.76),
                    height=str(height),
                    _class="bar loss" if spend < 0 else "bar",
                ),
            )
        )
    text = f"The dearest cost {money(most)}; the table has every column's figure."
    ground = _ground(most, least, zero, money)
    return frame("days", Title.DAYS, text, (*ground, *shapes, *_ends(columns)), ALL_PX)


def draws_empty_days(days: Sequence[NamedFigures]) -> bool:
    """Returns False where so many days are empty that a chart leaves them out."""
    return len(_between(_dated(days))) <= MOST_COLUMNS


def _with_empty_ones(days: Sequence[NamedFigures]) -> list[tuple[str, NamedFigures | None]]:
    """Returns each day (or month) from the first to the last, None for those without a request.

    A name that is no date comes last. Beyond MOST_COLUMNS only those with requests are returned.
    """
    by_name: dict[str, NamedFigures | None] = {day.name: day for day in days}
    names = _between(_dated(days)) if draws_empty_days(days) else []
    return [*{**dict.fromkeys(names), **by_name}.items()]


def _dated(days: Sequence[NamedFigures]) -> list[NamedFigures]:
    return [day for day in days if day.name[:1].isdigit()]


def _between(days: Sequence[NamedFigures]) -> list[str]:
    """Returns the names of all days, or months, from the first of these to the last."""
    if not days:
        return []
    monthly = len(days[0].name) == len("2026-11")
    first, last = (date.fromisoformat(f"{day.name}-01"[:10]) for day in (days[0], days[-1]))
    if not monthly:
        return [day.isoformat() for day in days_between(first, last)]
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in months]


TOP_PX = 22
ALL_PX = TOP_PX + COLUMNS_PX + 24


def _ground(most: int, least: int, zero: float, money: Dollars) -> tuple[Markup, ...]:
    """Draws the line of 0, that of the dearest column, and that of what is furthest below 0."""
    ends = {float(TOP_PX), zero, float(TOP_PX + COLUMNS_PX)} if least else {float(TOP_PX), zero}
    lines = [
        el("line", x1="0", x2="100%", y1=str(y), y2=str(y), _class="grid") for y in sorted(ends)
    ]
    y = str(TOP_PX - 7)
    lowest = el("text", f"lowest {money(least)}", x="100%", y=y, text_anchor="end", _class="tick")
    highest = el("text", money(most), x="0", y=y, _class="tick")
    return (*lines, highest, *((lowest,) if least else ()))


def _ends(columns: Sequence[tuple[str, object]]) -> tuple[Markup, ...]:
    """Names the first and the last column."""
    y = str(TOP_PX + COLUMNS_PX + 17)
    return (
        el("text", columns[0][0], x="0", y=y, _class="tick"),
        el("text", columns[-1][0], x="100%", y=y, text_anchor="end", _class="tick"),
    )


def waste_chart(report: Report, money: Dollars) -> Markup:
    """Draws each kind of waste as a share of all spend."""
    spend = report.shared_nano_usd
    lines = [
        Line(
            WASTE_WORDS[row.kind].capitalize(),
            money(row.spend_nano_usd),
            (track(), *bar(share_of(row.spend_nano_usd, spend) or 0.0)),
        )
        for row in report.waste
    ]
    return chart("waste", Title.WASTE, "Bars are shares of all spend.", lines)


def drawn_savings(savings: Sequence[Saving]) -> list[Saving]:
    """Returns the savings that a picture may show; the page's first line says which it may not."""
    return [saving for saving in savings if saving.saved_share is not None and saving.tellable]


def beyond_scale(savings: Sequence[Saving]) -> bool:
    """Returns True where a drawn loss goes on beyond the chart's left edge."""
    return any((saving.saved_share or 0.0) < LOWEST_SHARE for saving in drawn_savings(savings))


def savings_chart(savings: Sequence[Saving]) -> Markup:
    """Draws the saved share per baseline, signed, with its 95 % interval.

    A picture is a headline: what a sentence may not name, is not drawn. A loss is drawn as a gain
    is, however large: beyond the scale its bar ends at the left edge, and the figure says so.
    """
    known = drawn_savings(savings)
    ends = [s.saved_share for s in known if s.saved_share is not None]
    ends += [s.share_interval.low for s in known if s.share_interval is not None]
    # One large loss must not shrink all other bars to nothing.
    lowest = max(LOWEST_SHARE, min([0.0, *ends]))
    lines = [Line(s.label, shown_saving(s.saved_share), _saving_shapes(s, lowest)) for s in known]
    return chart(
        "savings",
        "Saved share of each baseline",
        "Bars to the right of the upright line were saved, bars to the left cost more; the thin "
        "line across the end of a bar is the 95 % interval.",
        lines,
    )


def reasons_chart(reasons: Sequence[ReasonFigures], money: Dollars) -> Markup:
    """Draws requests above the lowest level by the reason that decided."""
    shown = [reason for reason in reasons if reason.first_requests][:MAX_BARS]
    most = max((reason.first_requests for reason in shown), default=0)
    lines = [
        Line(
            plain(reason.reason).capitalize(),
            f"{count(reason.first_requests)} · {money(reason.first_spend_nano_usd)}",
            (track(), *bar(reason.first_requests / most if most else 0.0)),
        )
        for reason in shown
    ]
    text = "Requests answered above the lowest level, by the reason that decided, and their cost."
    return chart("reasons", "Why requests went above the lowest level", text, lines)


def latency_chart(tiers: Sequence[TierFigures]) -> Markup:
    """Draws the median to the 95th percentile per tier, on a logarithmic scale."""
    known = [t for t in tiers if t.figures.p50_ms is not None and t.figures.p95_ms is not None]
    known = known[:MAX_BARS]
    # A logarithm needs values above 0; 0.01 ms is below anything measured.
    times = [max(t.figures.p50_ms or 0.0, 0.01) for t in known]
    times += [max(t.figures.p95_ms or 0.0, 0.01) for t in known]
    # Whole powers of ten, so that ticks have short names.
    low = math.floor(math.log10(min(times, default=1.0)))
    high = max(low + 1, math.ceil(math.log10(max(times, default=10.0))))

    def log_place(ms: float | None) -> float:
        return (math.log10(max(ms or 0.0, 0.01)) - low) / (high - low)

    lines = [
        Line(
            f"{tier.tier} · {shown_model(tier.model)}" if tier.model else tier.tier,
            f"{duration(tier.figures.p50_ms)} to {duration(tier.figures.p95_ms)}",
            span(log_place(tier.figures.p50_ms), log_place(tier.figures.p95_ms)),
        )
        for tier in known
    ]
    ticks = [(power, (power - low) / (high - low)) for power in range(low, high + 1)]
    return chart(
        "latency",
        "Latency per tier, median to 95th percentile",
        "Logarithmic scale. The filled dot is the median, the open one the 95th percentile.",
        lines,
        [(_power_of_ten_ms(power), place) for power, place in ticks],
    )


def _power_of_ten_ms(power: int) -> str:
    """Formats powers of ten: 3 -> `1 s`, -1 -> `0.1 ms`."""
    return f"{10.0 ** (power - 3):g} s" if power >= 3 else f"{10.0**power:g} ms"


def _saving_shapes(saving: Saving, lowest: float) -> tuple[Markup, ...]:
    """Draws a bar from zero to the share on a scale from `lowest` to 100 %, and its interval."""

    def place(share: float) -> float:
        return (min(max(share, lowest), 1.0) - lowest) / (1.0 - lowest)

    share = saving.saved_share or 0.0
    begin, end = sorted((place(0.0), place(share)))
    shapes = [track(), rect("bar" if share >= 0 else "bar loss", begin, end)]
    if saving.share_interval is not None:
        low, high = place(saving.share_interval.low), place(saving.share_interval.high)
        shapes += [
            # The halo keeps the thin line visible on top of its bar.
            across("halo", low, high),
            across("interval", low, high),
            cap(low),
            cap(high),
        ]
    return (*shapes, upright("zero", place(0.0)))
