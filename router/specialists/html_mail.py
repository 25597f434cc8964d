"""Reads the words of a mail in HTML: without tags, styles and scripts. Pure.

Heads learned from words. Tags and styles crowd these out of the tokens that are read, and most of
the mails in HTML that taught the head of spam were spam.
"""

from __future__ import annotations

import html
import re

_MARKUP = re.compile(
    r"<(?:html|body|table|tr|td|div|span|font|p|br|img|a)(?:\s[^<>]*|/)?>", re.IGNORECASE
)
_TAG = re.compile(r"<(?:!--|[/!]?([a-z][a-z0-9]*))[^<>]*>", re.IGNORECASE)
_UNSHOWN = frozenset({"style", "script", "title"})


def text_of_markup(text: str) -> str:
    """Returns what a reader of a mail in HTML sees; any other text as it is.

    An element that is not shown and does not end is kept, so that nothing is hidden behind it.

    >>> text_of_markup("Hi,<br>my <b>order</b> &amp; invoice<style>b {color: red}</style>")
    'Hi, my order & invoice'
    >>> text_of_markup("3 < 5 and 7 > 2")
    '3 < 5 and 7 > 2'
    """
    if _MARKUP.search(text) is None:
        return text
    shown: list[str] = []
    unshown, begun, at = "", 0, 0
    for tag in _TAG.finditer(text):
        name = (tag[1] or "").lower()
        if not unshown:
            shown.append(text[at : tag.start()])
            if name in _UNSHOWN and text[tag.start() + 1] != "/":
                unshown, begun = name, tag.end()
        elif name == unshown and text[tag.start() + 1] == "/":
            unshown = ""
        at = tag.end()
    shown.append(text[begun if unshown else at :])
    lines = html.unescape(" ".join(shown)).splitlines()
    words = "\n".join(" ".join(line.split()) for line in lines).strip()
    return words or text
