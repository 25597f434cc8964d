"""Builds well-formed, escaped HTML and SVG. It knows nothing about reports."""

from __future__ import annotations

import html
import re

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Matches characters that no document may hold, escaped or not (XML 1.0, section 2.2)."""

VOID = frozenset({"meta", "br", "hr", "line", "rect", "circle", "link"})
"""Lists elements without content. They are closed at once, which is valid as HTML and as XML."""


class Markup(str):
    """Marks text as markup. Any other string is escaped when it becomes a child."""

    __slots__ = ()


def el(name: str, /, *children: str, **attributes: str | None) -> Markup:
    """Builds one element. Plain strings among `children` are escaped; attributes always are.

    A leading underscore of an attribute name is dropped, other underscores become hyphens. None
    leaves an attribute out. el("td", "a<b", _class="n") is <td class="n">a&lt;b</td>.
    """
    # Keyword arguments cannot be called `class` or hold a hyphen.
    written = "".join(
        f' {key.lstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """Joins the children in order; plain strings are escaped."""
    return Markup("".join(c if isinstance(c, Markup) else escape(c) for c in children))


def escape(text: str) -> str:
    """Escapes `text` for element content and quoted attributes; what XML forbids becomes U+FFFD."""
    return html.escape(_NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text), quote=True)
