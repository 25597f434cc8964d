"""Reads HTML: headings and blocks of text, without scripts, styles and navigation. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from router.documents.pieces import Block, Reading

_LEFT_OUT = frozenset({"script", "style", "nav", "template", "noscript", "svg", "head"})
_BREAK_TAGS = (
    "address article aside blockquote body br dd div dl dt fieldset figcaption figure footer form "
    "header hr li main ol p pre section table tbody thead tr ul"
)
_BREAKS = frozenset(_BREAK_TAGS.split())
_CELLS = frozenset({"td", "th"})
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BEGIN = re.compile(r"<[A-Za-z/!?]")
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr", "col", "area", "base"})


MOST_NESTED = 100
"""Tags left out that may stand in one another; each end of a tag looks through them."""


class _Blocks(HTMLParser):
    """Collects blocks. Its parser takes any text, however broken its tags are."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.titles: list[str] = []
        self._words: list[str] = []
        self._level = 0
        self._left_out: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        hidden = any(name == "hidden" for name, _ in attrs)
        if tag == "title":
            self._in_title = True
        elif (tag in _LEFT_OUT or hidden) and tag not in _VOID:
            if len(self._left_out) < MOST_NESTED:
                self._left_out.append(tag)
        elif tag in _HEADINGS:
            self.flush()
            self._level = _HEADINGS[tag]
        elif tag in _BREAKS:
            self.flush()
        elif tag in _CELLS and self._words:
            self._words.append("|")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in self._left_out:
            # A tag that was never closed inside ends with the outer one.
            while self._left_out and self._left_out.pop() != tag:
                pass
        elif tag in _HEADINGS or tag in _BREAKS:
            self.flush()

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.titles.append(data)
        elif not self._left_out:
            self._words.append(data)

    # Python's parser looks for the end of each of these three again and again where there is
    # none, and fails at some that it does not know. A browser takes all that follows for its part.

    def parse_comment(self, i: int, report: int = 1) -> int:
        """Returns where the comment at `i` ends."""
        return self._after("-->", i + 2)

    def parse_html_declaration(self, i: int) -> int:
        """Returns where the declaration at `i` ends."""
        return self._after(">", i)

    def parse_pi(self, i: int) -> int:
        """Returns where the instruction at `i` ends."""
        return self._after(">", i)

    def _after(self, mark: str, begin: int) -> int:
        end = self.rawdata.find(mark, begin)
        return len(self.rawdata) if end < 0 else end + len(mark)

    def flush(self) -> None:
        """Ends the block that was begun."""
        text = " ".join(" ".join(self._words).split())
        if text:
            self.blocks.append(Block(text, level=self._level))
        self._words.clear()
        self._level = 0


def read_html(text: str) -> Reading:
    """Returns the blocks of a page; its title, or its first heading, is the title."""
    parser = _Blocks()
    # Behind the last `>` no tag ends. The parser would look for an end from each that begins; a
    # browser leaves all of it out.
    unended = _BEGIN.search(text, text.rfind(">") + 1)
    parser.feed(text[: unended.start()] if unended else text)
    parser.close()
    parser.flush()
    headings = (block.text for block in parser.blocks if block.level == 1)
    title = " ".join("".join(parser.titles).split())
    return Reading(title or next(headings, ""), tuple(parser.blocks))
