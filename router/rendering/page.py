"""Builds HTML reports: one file that opens offline, has no script and fetches nothing.

All text goes through `markup`, which escapes it. A Content-Security-Policy in the page forbids
everything that the page does not need, in case an injected text ever reaches a browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from router.rendering.markup import Markup, el
from router.rendering.page_style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

ABOVE = "margin-top:32px"

STACKED_FROM = 4
"""Counts the columns that no longer fit a phone; there each row becomes a block."""


class Tinted(NamedTuple):
    """Holds a cell that is coloured by its kind: a gain or a loss."""

    text: str
    kind: str | None


Cells = Sequence[str | Tinted]
Tile = tuple[str, str, str]
"""Holds the name of a figure, the figure, and a small line under it."""
Told = tuple[str, Sequence[str]]
"""Holds a subject, and sentences about it."""


def page(title: str, header: Markup, sections: Sequence[Markup], footer: str) -> str:
    """Returns the whole page as UTF-8 text; it is well-formed XML too."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="Content-Security-Policy", content=POLICY),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        el("style", Markup(STYLE)),
    )
    body = el("body", header, el("main", *sections), el("footer", footer))
    # The page is built from `el` only, so that no text gets past the escaping.
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


def page_header(
    eyebrow: Sequence[str],
    headline: str,
    tiles: Sequence[Tile],
    lines: Sequence[str] = (),
    told: Sequence[Told] = (),
) -> Markup:
    """Renders the sentence that the page is about, over its most important figures.

    `lines` come before the figures, and `told` after them: sentences by what they are about.
    """
    return el(
        "header",
        el(
            "p",
            el("strong", "Tiergate"),
            *(el("span", text) for text in eyebrow),
            _class="eyebrow",
        ),
        el("h1", glued(headline)),
        *(el("p", glued(line), _class="verdict") for line in lines),
        el(
            "dl",
            *(
                el("div", el("dt", a), el("dd", b), el("dd", c, _class="small"), _class="tile")
                for a, b, c in tiles
            ),
            _class="tiles",
        ),
        *([el("dl", *(_told(*one) for one in told), _class="told")] if told else []),
    )


def _told(subject: str, sentences: Sequence[str]) -> Markup:
    """Renders sentences about a subject; the first one shows, the others are folded."""
    first, *others = (el("p", glued(sentence), _class="verdict") for sentence in sentences)
    more = [el("details", el("summary", "More"), *others)] if others else []
    return el("div", el("dt", subject), el("dd", first, *more))


def glued(text: str) -> str:
    """Returns `text` without a line break between a figure and its per cent sign."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def section(title: str, lead: str, content: tuple[Markup, ...]) -> Markup:
    """Renders one part of the page: a title, a first line, and its content."""
    return el("section", el("h2", title), *led_by(lead), *content)


def led_by(lead: str) -> tuple[Markup, ...]:
    """Renders the first line of a part; nothing without one."""
    return (el("p", lead, _class="lead"),) if lead else ()


def folded(title: str, gist: str, content: tuple[Markup, ...], *, opened: bool = False) -> Markup:
    """Renders a part of the page of which only title and `gist` show until a reader opens it."""
    small = (el("small", gist),) if gist else ()
    summary = el("summary", el("h2", title), *small)
    inside = el("details", summary, *content, open="" if opened else None)
    return el("section", inside, _class="folded")


def table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Cells],
    texts: int = 1,
    sums: frozenset[int] = frozenset(),
) -> Markup:
    """Renders a table; its first column names the row and the first `texts` columns are words.

    `sums` holds the indices of rows that add up the rows above them.
    """
    kinds = ["t wrap" if index < texts else None for index in range(len(columns))]
    head = el(
        "tr",
        *(el("th", c, scope="col", _class=k) for c, k in zip(columns, kinds, strict=True)),
    )
    body = [
        el(
            "tr",
            *(
                _cell(index, *cell)
                for index, cell in enumerate(zip(row, kinds, columns, strict=True))
            ),
            _class="sum" if place in sums else None,
        )
        for place, row in enumerate(rows)
    ]
    if not rows:
        # An empty table would look like a mistake of the report.
        body = [el("tr", el("td", "None.", _class="t", colspan=str(len(columns))))]
    element = el("table", el("caption", caption), el("thead", head), el("tbody", *body))
    box = "scroll stacked" if len(columns) >= STACKED_FROM else "scroll"
    # A box that scrolls must be reachable by keyboard, and named for screen readers.
    return el("div", element, _class=box, tabindex="0", role="region", aria_label=caption)


def _cell(index: int, cell: str | Tinted, kind: str | None, column: str) -> Markup:
    text, kind = cell if isinstance(cell, Tinted) else (cell, kind)
    if index == 0:
        return el("th", text, scope="row", _class=kind)
    if kind is None and ", " in text:  # two figures: "138 of 145, 95.2 %"
        return el("td", text, _class="long", data_label=column)
    return el("td", text, _class=kind, data_label=column)


def signed(text: str, nano_usd: int | None) -> Tinted:
    """Returns a cell in the colour of a gain or a loss; 0 and unknown have no colour."""
    kind = None if nano_usd in (None, 0) else "loss" if (nano_usd or 0) < 0 else "gain"
    return Tinted(text, kind)


def figure(title: str, note: str, chart: Markup) -> Markup:
    """Renders a chart with its title, and a note if there is one."""
    caption = el("figcaption", title, el("small", note)) if note else el("figcaption", title)
    return el("figure", caption, chart)


def charts_grid(*figures: Markup) -> Markup:
    """Places figures next to each other where the window is wide enough."""
    return el("div", *figures, _class="charts")


def fine(lines: Sequence[str]) -> Markup:
    """Renders notes in small print."""
    return el("ul", *(el("li", glued(line)) for line in lines), _class="fine")
