"""Draws latency against accuracy as one SVG file, without scripts or libraries.

The area of a circle is the size of the file. The tables of the report give the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from router.training.compare.latency import TYPICAL
from router.training.compare.report import Row, megabytes, milliseconds

WIDTH, HEIGHT = 960, 600
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 56, 56
LARGEST_PX = 34
"""Radius of the circle of the largest file."""
NEAR_PX = 12
"""A line connects a circle with a label that is further away than this."""
LETTER_PX, LINE_PX = 6.3, 14
"""About the width of a letter of a label, and the height of its line."""
COLOURS = {"teacher": "#3b6fb6", "student": "#c8641b"}
"""People with a colour vision deficiency can tell them apart, and the names say it too."""
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}"
    ".name{paint-order:stroke;stroke:#fff;stroke-width:3px}"
    ".title{font-size:15px;font-weight:600}"
    ".grid{stroke:#ddd}.link{stroke:#999;stroke-dasharray:3 3}.lead{stroke:#999}"
    ".axis{fill:#555}.end{text-anchor:end}.middle{text-anchor:middle}"
)


@dataclass(frozen=True, slots=True)
class Box:
    """Describes a rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: Box) -> float:
        """Returns the area that both boxes cover.

        >>> Box(0, 0, 4, 4).overlap(Box(3, 2, 4, 4))
        2.0
        """
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return float(max(0.0, across) * max(0.0, down))


@dataclass(frozen=True, slots=True)
class _Scale:
    """Maps a median (logarithmic, in milliseconds) and an accuracy to pixels."""

    fastest: float
    slowest: float
    least: float
    most: float

    def x(self, ms: float) -> float:
        share = math.log(ms / self.fastest) / math.log(self.slowest / self.fastest)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, accuracy: float) -> float:
        share = (accuracy - self.least) / (self.most - self.least)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def draw(rows: Sequence[Row]) -> str:
    """Returns the chart of one row or more as SVG text."""
    scale = _scale(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'width="{WIDTH}" height="{HEIGHT}">',
        "<title>Latency against accuracy per variant</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="24">Latency against accuracy; the area is the size of '
        "the file</text>",
        *_legend(rows),
        *_axes(scale),
        *_links(rows, scale),
        *_circles(rows, scale),
        *_labels(rows, scale),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _median(row: Row) -> float:
    return row.times[TYPICAL]["p50_ms"]


def _scale(rows: Sequence[Row]) -> _Scale:
    """Returns limits with room for circles and words: a factor in x, a share of the span in y."""
    medians, means = [_median(row) for row in rows], [row.mean for row in rows]
    # At least 0.02, so that variants of equal accuracy do not fill the whole height.
    room = max(0.02, 0.2 * (max(means) - min(means)))
    least = math.floor((min(means) - room) * 100) / 100
    most = math.ceil((max(means) + room) * 100) / 100
    return _Scale(min(medians) / 1.7, max(medians) * 2.2, least, most)


def _radius(row: Row, rows: Sequence[Row]) -> float:
    # The area is proportional to the bytes, hence the root.
    return LARGEST_PX * math.sqrt(row.bytes / max(other.bytes for other in rows))


def _legend(rows: Sequence[Row]) -> Iterator[str]:
    x = float(LEFT)
    for line in dict.fromkeys(row.variant.line for row in rows):
        words = {"teacher": "6 layers of 384 or cut from them", "student": "192 wide"}[line]
        yield f'<circle cx="{x + 5}" cy="40" r="5" fill="{COLOURS[line]}"/>'
        yield f'<text x="{x + 15}" y="44">{words}</text>'
        x += 30 + LETTER_PX * len(words)
    yield f'<text class="axis" x="{x}" y="44">dashed: to what it is compared with</text>'


def _axes(scale: _Scale) -> Iterator[str]:
    low, high = TOP, HEIGHT - BOTTOM
    for power in range(-4, 5):
        # 1, 2 and 5 of each decade, as on logarithmic paper.
        for digit in (1, 2, 5):
            ms = digit * 10.0**power
            if scale.fastest <= ms <= scale.slowest:
                x = f"{scale.x(ms):.1f}"
                yield f'<line class="grid" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>'
                yield f'<text class="axis middle" x="{x}" y="{high + 18}">{ms:g}</text>'
    steps = 50 if scale.most - scale.least < 0.2 else 20
    for step in range(math.ceil(scale.least * steps), math.floor(scale.most * steps) + 1):
        y = f"{scale.y(step / steps):.1f}"
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="axis end" x="{LEFT - 8}" y="{y}" dy="4">{step / steps:.2f}</text>'
    yield (
        f'<text class="axis middle" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}">median of '
        f"a lone request of {TYPICAL} tokens, ms, one thread (logarithmic)</text>"
    )
    yield (
        f'<text class="axis middle" transform="translate(18 {(low + high) / 2}) rotate(-90)">'
        "accuracy of linear probes, mean</text>"
    )


def _links(rows: Sequence[Row], scale: _Scale) -> Iterator[str]:
    places = {row.variant.name: (scale.x(_median(row)), scale.y(row.mean)) for row in rows}
    for row in rows:
        if row.variant.against in places:
            (x1, y1), (x2, y2) = places[row.variant.against], places[row.variant.name]
            yield (f'<line class="link" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')


def _circles(rows: Sequence[Row], scale: _Scale) -> Iterator[str]:
    for row in sorted(rows, key=lambda row: -row.bytes):  # small ones lie on top
        yield (
            f'<circle cx="{scale.x(_median(row)):.1f}" cy="{scale.y(row.mean):.1f}" '
            f'r="{_radius(row, rows):.1f}" fill="{COLOURS[row.variant.line]}" '
            f'fill-opacity=".35" stroke="{COLOURS[row.variant.line]}"/>'
        )


def _labels(rows: Sequence[Row], scale: _Scale) -> Iterator[str]:
    """Yields names, each at the place around its circle where it hides least."""
    centres = [(scale.x(_median(row)), scale.y(row.mean)) for row in rows]
    taken = [
        Box(x - 0.7 * r, y - 0.7 * r, 1.4 * r, 1.4 * r)
        for (x, y), r in zip(centres, (_radius(row, rows) for row in rows), strict=True)
    ]
    for row, (x, y) in zip(rows, centres, strict=True):
        words = f"{row.variant.name}, {megabytes(row.bytes)} MB, {milliseconds(_median(row))} ms"
        size = LETTER_PX * len(words), LINE_PX
        box = min(_places(x, y, _radius(row, rows), *size), key=lambda place: _cost(place, taken))
        taken.append(box)
        # The point of the box that is nearest to the centre of the circle.
        end = min(max(x, box.x), box.x + box.width), min(max(y, box.y), box.y + box.height)
        if math.dist((x, y), end) > _radius(row, rows) + NEAR_PX:
            yield (
                f'<line class="lead" x1="{x:.1f}" y1="{y:.1f}" '
                f'x2="{end[0]:.1f}" y2="{end[1]:.1f}"/>'
            )
        base = box.y + LINE_PX - 3
        yield f'<text class="name" x="{box.x:.1f}" y="{base:.1f}">{escape(words)}</text>'


def _places(x: float, y: float, r: float, width: float, height: float) -> list[Box]:
    """Returns the possible places of a label, the nearest ones first."""
    places = []
    for away in (4, 18, 36, 60, 90):
        reach = r + away
        places += [
            Box(x + reach, y - height / 2, width, height),
            Box(x - reach - width, y - height / 2, width, height),
            Box(x - width / 2, y - reach - height, width, height),
            Box(x - width / 2, y + reach, width, height),
            Box(x + 0.7 * reach, y - 0.7 * reach - height, width, height),
            Box(x + 0.7 * reach, y + 0.7 * reach, width, height),
            Box(x - 0.7 * reach - width, y - 0.7 * reach - height, width, height),
            Box(x - 0.7 * reach - width, y + 0.7 * reach, width, height),
        ]
    return places


def _cost(box: Box, taken: Sequence[Box]) -> float:
    """Returns the area that a label there hides, plus ten times the area outside the chart."""
    inside = Box(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM)
    outside = box.width * box.height - box.overlap(inside)
    hidden = sum(box.overlap(other) for other in taken)
    # Rounded, so that among equally good places the nearest wins.
    return round(hidden + 10 * outside, 3)
