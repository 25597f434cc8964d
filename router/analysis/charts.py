"""The report's charts as inline SVG: no script, no library, nothing fetched.

Horizontal positions are percentages and the text is in pixels, so a chart fills any width and its
words stay readable on a phone. Colours come from the page's style sheet, so they follow light, dark
and print. Each chart has a title and a description; its numbers stand in the table beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from router.analysis.figures import LevelShare, ReasonFigures, Saving, TierFigures
from router.analysis.markup import Markup, el, joined
from router.analysis.wording import count, duration, percent, plain, saved_percent, usd

ROW_PX = 50
TEXT_Y = 14
BAR_Y = 23
BAR_PX = 12
AXIS_PX = 22

NAME_SHOWN = 30
"""Characters of a name in a chart: what fits beside the figure at 390 px. The table has it all."""

LOWEST_SHARE = -2.0
"""Savings below -200 % are drawn there; the figure beside the bar is the true one."""

MAX_BARS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a chart: a name, a figure in words, and shapes placed under both."""

    name: str
    figure: str
    shapes: tuple[Markup, ...]


def share_chart(levels: Sequence[LevelShare]) -> Markup:
    """Answered requests per level; the upright mark is the plan."""
    lines = [
        Line(
            f"Level {level.level}",
            f"{percent(level.share)}, plan {percent(level.planned)}",
            (
                _track(),
                *_bar(level.share),
                *(() if level.planned is None else (_upright("mark", level.planned),)),
            ),
        )
        for level in levels
    ]
    return _chart(
        "share",
        "Share of answered requests per level",
        "Bars show the share that came about, upright marks the planned share.",
        lines,
    )


def spend_chart(tiers: Sequence[TierFigures]) -> Markup:
    """What the requests answered by each tier cost."""
    most = max((tier.figures.spend_nano_usd for tier in tiers), default=0)
    lines = [
        Line(
            f"{tier.tier} · {tier.model}" if tier.model else tier.tier,
            usd(tier.figures.spend_nano_usd),
            (_track(), *_bar(tier.figures.spend_nano_usd / most if most else 0.0)),
        )
        for tier in tiers[:MAX_BARS]
    ]
    text = "Spend of the requests answered by each tier, on a scale from 0 to the largest."
    return _chart("spend", "Spend per tier", text, lines)


def savings_chart(savings: Sequence[Saving]) -> Markup:
    """Saved share per baseline, signed, with its 95 % interval."""
    known = [saving for saving in savings if saving.saved_share is not None]
    ends = [s.saved_share for s in known if s.saved_share is not None]
    ends += [s.share_interval.low for s in known if s.share_interval is not None]
    lowest = max(LOWEST_SHARE, min([0.0, *ends]))
    lines = [Line(s.label, saved_percent(s.saved_share), _saving_shapes(s, lowest)) for s in known]
    return _chart(
        "savings",
        "Saved share of each baseline",
        "Bars to the right of the upright line were saved, bars to the left cost more; the thin "
        "line across the end of a bar is the 95 % interval.",
        lines,
    )


def reasons_chart(reasons: Sequence[ReasonFigures]) -> Markup:
    """Escalated requests by the reason that decided."""
    shown = [reason for reason in reasons if reason.first_requests][:MAX_BARS]
    most = max((reason.first_requests for reason in shown), default=0)
    lines = [
        Line(
            plain(reason.reason).capitalize(),
            f"{count(reason.first_requests)} · {usd(reason.first_spend_nano_usd)}",
            (_track(), *_bar(reason.first_requests / most if most else 0.0)),
        )
        for reason in shown
    ]
    text = "Requests answered above the lowest level, by the reason that decided, and their cost."
    return _chart("reasons", "Why requests climbed", text, lines)


def latency_chart(tiers: Sequence[TierFigures]) -> Markup:
    """From the median to the 95th percentile per tier, on a logarithmic scale."""
    known = [t for t in tiers if t.figures.p50_ms is not None and t.figures.p95_ms is not None]
    known = known[:MAX_BARS]
    times = [max(t.figures.p50_ms or 0.0, 0.01) for t in known]
    times += [max(t.figures.p95_ms or 0.0, 0.01) for t in known]
    low = math.floor(math.log10(min(times, default=1.0)))
    high = max(low + 1, math.ceil(math.log10(max(times, default=10.0))))

    def at(ms: float | None) -> float:
        return (math.log10(max(ms or 0.0, 0.01)) - low) / (high - low)

    lines = [
        Line(
            f"{tier.tier} · {tier.model}" if tier.model else tier.tier,
            f"{duration(tier.figures.p50_ms)} to {duration(tier.figures.p95_ms)}",
            _span(at(tier.figures.p50_ms), at(tier.figures.p95_ms)),
        )
        for tier in known
    ]
    ticks = [(power, (power - low) / (high - low)) for power in range(low, high + 1)]
    return _chart(
        "latency",
        "Latency per tier, median to 95th percentile",
        "Logarithmic scale. The filled dot is the median, the open one the 95th percentile.",
        lines,
        [(_power_of_ten_ms(power), place) for power, place in ticks],
    )


def _power_of_ten_ms(power: int) -> str:
    """3 -> "1 s", -1 -> "0.1 ms"."""
    return f"{10.0 ** (power - 3):g} s" if power >= 3 else f"{10.0**power:g} ms"


# --- shapes ------------------------------------------------------------------------------------


def _chart(
    name: str,
    title: str,
    description: str,
    lines: Sequence[Line],
    ticks: Sequence[tuple[str, float]] = (),
) -> Markup:
    """One chart; a line of words where there is nothing to draw."""
    if not lines:
        return el("p", "Nothing to draw.", _class="empty")
    height = len(lines) * ROW_PX + (AXIS_PX if ticks else 0)
    rows = [
        el(
            "svg",
            el("title", f"{line.name}: {line.figure}"),
            el("text", _short(line.name), x="0", y=str(TEXT_Y), _class="name"),
            el("text", line.figure, x="100%", y=str(TEXT_Y), _class="figure"),
            *line.shapes,
            x="0",
            y=str(at * ROW_PX),
            width="100%",
            height=str(ROW_PX),
            overflow="visible",
        )
        for at, line in enumerate(lines)
    ]
    axis = [_tick(text, place, len(lines) * ROW_PX) for text, place in ticks]
    return el(
        "svg",
        el("title", title, id=f"{name}-title"),
        el("desc", description, id=f"{name}-desc"),
        *axis,
        *rows,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        width="100%",
        height=str(height),
        overflow="visible",
        _class="chart",
    )


def _short(name: str) -> str:
    return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 1]}…"


def _at(place: float) -> str:
    """A place 0..1 as a percentage of the width."""
    return f"{min(max(place, 0.0), 1.0) * 100:.2f}%"


def _rect(kind: str, begin: float, end: float) -> Markup:
    return el(
        "rect",
        x=_at(begin),
        y=str(BAR_Y),
        width=_at(end - begin),
        height=str(BAR_PX),
        rx="2",
        _class=kind,
    )


def _track() -> Markup:
    return _rect("track", 0.0, 1.0)


def _bar(share: float) -> tuple[Markup, ...]:
    return (_rect("bar", 0.0, share),) if share > 0 else ()


def _upright(kind: str, place: float) -> Markup:
    x = _at(place)
    return el("line", x1=x, x2=x, y1=str(BAR_Y - 4), y2=str(BAR_Y + BAR_PX + 4), _class=kind)


def _across(kind: str, begin: float, end: float) -> Markup:
    y = str(BAR_Y + BAR_PX // 2)
    return el("line", x1=_at(begin), x2=_at(end), y1=y, y2=y, _class=kind)


def _dot(kind: str, place: float) -> Markup:
    return el("circle", cx=_at(place), cy=str(BAR_Y + BAR_PX // 2), r="5", _class=kind)


def _span(begin: float, end: float) -> tuple[Markup, ...]:
    return (
        _across("rail", 0.0, 1.0),
        _across("span", begin, end),
        _dot("dot open", end),
        _dot("dot", begin),
    )


def _saving_shapes(saving: Saving, lowest: float) -> tuple[Markup, ...]:
    """A bar from zero to the share on a scale from `lowest` to 100 %, and its interval."""

    def place(share: float) -> float:
        return (min(max(share, lowest), 1.0) - lowest) / (1.0 - lowest)

    share = saving.saved_share or 0.0
    begin, end = sorted((place(0.0), place(share)))
    shapes = [_track(), _rect("bar" if share >= 0 else "bar loss", begin, end)]
    if saving.share_interval is not None:
        low, high = place(saving.share_interval.low), place(saving.share_interval.high)
        shapes += [
            _across("halo", low, high),
            _across("interval", low, high),
            _cap(low),
            _cap(high),
        ]
    return (*shapes, _upright("zero", place(0.0)))


def _cap(place: float) -> Markup:
    x = _at(place)
    return el("line", x1=x, x2=x, y1=str(BAR_Y + 2), y2=str(BAR_Y + BAR_PX - 2), _class="interval")


def _tick(text: str, place: float, bottom: int) -> Markup:
    anchor = "start" if place <= 0.02 else "end" if place >= 0.98 else "middle"
    x = _at(place)
    return joined(
        el("line", x1=x, x2=x, y1=str(BAR_Y - 6), y2=str(bottom), _class="grid"),
        el("text", text, x=x, y=str(bottom + 16), text_anchor=anchor, _class="tick"),
    )
