"""What HTML reports are made of: one file that opens offline, no script, nothing fetched.

Everything that is text goes through `markup`, which escapes it. A Content-Security-Policy in the
page forbids all that the page does not need, should a browser ever be made to think otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from router.rendering.markup import Markup, el
from router.rendering.page_style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

ABOVE = "margin-top:32px"

STACKED_FROM = 4
"""Columns; so many do not fit a phone, and each row becomes a block there."""


class Tinted(NamedTuple):
    """A cell in the colour of its kind: a gain or a loss."""

    text: str
    kind: str | None


Cells = Sequence[str | Tinted]
Tile = tuple[str, str, str]
"""What a figure is, the figure, and a small line under it."""


def page(title: str, header: Markup, sections: Sequence[Markup], footer: str) -> str:
    """The whole page, UTF-8 text; well-formed as XML too."""
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
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


def page_header(
    eyebrow: Sequence[str], headline: str, tiles: Sequence[Tile], lines: Sequence[str] = ()
) -> Markup:
    """The sentence that the page is about, over its most important figures."""
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
    )


def glued(text: str) -> str:
    """`text` with no line break between a figure and its per cent sign."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def section(title: str, lead: str, content: tuple[Markup, ...]) -> Markup:
    """One part of the page: a title, a first line, and what follows."""
    first = (el("p", lead, _class="lead"),) if lead else ()
    return el("section", el("h2", title), *first, *content)


def table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Cells],
    texts: int = 1,
    sums: frozenset[int] = frozenset(),
) -> Markup:
    """A table whose first column names the row; the first `texts` columns are words.

    `sums` are the places of rows that add up those above them.
    """
    kinds = ["t wrap" if at < texts else None for at in range(len(columns))]
    head = el(
        "tr",
        *(el("th", c, scope="col", _class=k) for c, k in zip(columns, kinds, strict=True)),
    )
    body = [
        el(
            "tr",
            *(_cell(at, *cell) for at, cell in enumerate(zip(row, kinds, columns, strict=True))),
            _class="sum" if place in sums else None,
        )
        for place, row in enumerate(rows)
    ]
    if not rows:
        body = [el("tr", el("td", "None.", _class="t", colspan=str(len(columns))))]
    made = el("table", el("caption", caption), el("thead", head), el("tbody", *body))
    box = "scroll stacked" if len(columns) >= STACKED_FROM else "scroll"
    return el("div", made, _class=box, tabindex="0", role="region", aria_label=caption)


def _cell(at: int, cell: str | Tinted, kind: str | None, column: str) -> Markup:
    text, kind = cell if isinstance(cell, Tinted) else (cell, kind)
    if at == 0:
        return el("th", text, scope="row", _class=kind)
    return el("td", text, _class=kind, data_label=column)


def signed(text: str, nano_usd: int | None) -> Tinted:
    """A cell in the colour of a gain or a loss; 0 and unknown have none."""
    kind = None if nano_usd in (None, 0) else "loss" if (nano_usd or 0) < 0 else "gain"
    return Tinted(text, kind)


def figure(title: str, note: str, chart: Markup) -> Markup:
    """A chart with its title, and a note where there is one."""
    caption = el("figcaption", title, el("small", note)) if note else el("figcaption", title)
    return el("figure", caption, chart)


def charts_grid(*figures: Markup) -> Markup:
    """Figures beside each other where the window is wide enough."""
    return el("div", *figures, _class="charts")


def fine(lines: Sequence[str]) -> Markup:
    """Notes in small print."""
    return el("ul", *(el("li", glued(line)) for line in lines), _class="fine")
