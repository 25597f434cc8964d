"""Draws charts as inline SVG: no script, no library, nothing fetched.

Horizontal positions are percentages and text is in pixels. A chart therefore fills any width, and
its words stay readable on a phone. Colours come from the page's style sheet and follow light, dark
and print. Each chart has a title and a description; a table on the same page holds its numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.rendering.markup import Markup, el, joined

ROW_PX = 50
TEXT_Y = 14
BAR_Y = 23
BAR_PX = 12
AXIS_PX = 22

NAME_SHOWN = 30
"""Bounds the characters of a name in a chart: this fits next to the figure at 390 px.

The table shows the whole name."""


@dataclass(frozen=True, slots=True)
class Line:
    """Describes one row of a chart: a name, a figure in words, and shapes placed under both."""

    name: str
    figure: str
    shapes: tuple[Markup, ...]


def chart(
    name: str,
    title: str,
    description: str,
    lines: Sequence[Line],
    ticks: Sequence[tuple[str, float]] = (),
) -> Markup:
    """Draws one chart; returns a line of words where there is nothing to draw."""
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
            y=str(row * ROW_PX),
            width="100%",
            height=str(ROW_PX),
            overflow="visible",
        )
        for row, line in enumerate(lines)
    ]
    axis = [tick(text, place, len(lines) * ROW_PX) for text, place in ticks]
    return frame(name, title, description, (*axis, *rows), height)


def frame(
    name: str, title: str, description: str, content: Sequence[Markup], height: int
) -> Markup:
    """Draws the picture around a chart, with a title and a description for screen readers."""
    return el(
        "svg",
        el("title", title, id=f"{name}-title"),
        el("desc", description, id=f"{name}-desc"),
        *content,
        # An XML reader needs the namespace to know these elements as SVG.
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


def width_percent(place: float) -> str:
    """Converts a place 0..1 to a percentage of the width."""
    # A value beyond the scale is drawn at its edge; the figure next to it is exact.
    return f"{min(max(place, 0.0), 1.0) * 100:.2f}%"


def rect(kind: str, begin: float, end: float) -> Markup:
    """Draws a bar between two places, each 0..1 of the width."""
    return el(
        "rect",
        x=width_percent(begin),
        y=str(BAR_Y),
        width=width_percent(end - begin),
        height=str(BAR_PX),
        rx="2",
        _class=kind,
    )


def track() -> Markup:
    """Draws the ground of a bar: the whole width."""
    return rect("track", 0.0, 1.0)


def bar(share: float) -> tuple[Markup, ...]:
    """Draws a bar from the left; returns nothing where there is nothing to show."""
    return (rect("bar", 0.0, share),) if share > 0 else ()


def upright(kind: str, place: float) -> Markup:
    """Draws an upright line at a place."""
    x = width_percent(place)
    return el("line", x1=x, x2=x, y1=str(BAR_Y - 4), y2=str(BAR_Y + BAR_PX + 4), _class=kind)


def across(kind: str, begin: float, end: float) -> Markup:
    """Draws a line along the bar, between two places."""
    y = str(BAR_Y + BAR_PX // 2)
    return el("line", x1=width_percent(begin), x2=width_percent(end), y1=y, y2=y, _class=kind)


def dot(kind: str, place: float) -> Markup:
    """Draws a dot on the line of the bar."""
    return el("circle", cx=width_percent(place), cy=str(BAR_Y + BAR_PX // 2), r="5", _class=kind)


def span(begin: float, end: float) -> tuple[Markup, ...]:
    """Draws a line from a filled dot to an open one."""
    return (
        # Later shapes cover earlier ones, so the dots come last.
        across("rail", 0.0, 1.0),
        across("span", begin, end),
        dot("dot open", end),
        dot("dot", begin),
    )


def cap(place: float) -> Markup:
    """Draws the end of an interval."""
    x = width_percent(place)
    return el("line", x1=x, x2=x, y1=str(BAR_Y + 2), y2=str(BAR_Y + BAR_PX - 2), _class="interval")


def tick(text: str, place: float, bottom: int) -> Markup:
    """Draws a grid line with its text under the chart."""
    # Text at an edge would leave the picture if it were centred.
    anchor = "start" if place <= 0.02 else "end" if place >= 0.98 else "middle"
    x = width_percent(place)
    return joined(
        el("line", x1=x, x2=x, y1=str(BAR_Y - 6), y2=str(bottom), _class="grid"),
        el("text", text, x=x, y=str(bottom + 16), text_anchor=anchor, _class="tick"),
    )
