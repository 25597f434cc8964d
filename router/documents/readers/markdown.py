"""Reads Markdown: headings, paragraphs, lists, tables and fenced code. Pure.

It reads the marks that shape a text and leaves the others in it. Plain text is Markdown without
marks.
"""

from __future__ import annotations

import re

from router.documents.pieces import Block, Reading

_HEADING = re.compile(r"(#{1,6})\s+([^#].*)")
_FENCE = re.compile(r"\s{0,12}(```|~~~)")
_UNDERLINE = re.compile(r"(=+|-+)\s*")
_LINK = re.compile(r"!?\[([^\]\[]{0,300})\]\([^()\s]{0,500}\)")
_COMMENT = re.compile(r"<!--(?:[^<>]|<(?!!)){0,5000}-->")  # up to the next one, so linear


def read_markdown(text: str) -> Reading:
    """Returns the blocks of a Markdown text; its first heading of level 1 is the title."""
    blocks: list[Block] = []
    lines: list[str] = []
    fenced = ""

    def flush() -> None:
        if block := "\n".join(lines).strip():
            blocks.append(Block(block if fenced else _LINK.sub(r"\1", block)))
        lines.clear()

    for line in _without_front_matter(text):
        if fence := _FENCE.match(line):
            if not fenced:
                flush()
                fenced = fence[1]
            elif fence[1] == fenced:
                flush()
                fenced = ""
            continue
        if fenced:
            lines.append(line)
            continue
        plain = _COMMENT.sub("", line).rstrip()
        heading = _HEADING.match(plain)
        if heading:
            flush()
            title = _LINK.sub(r"\1", heading[2])
            blocks.append(Block(title.strip(" #"), level=len(heading[1])))
        elif len(lines) == 1 and lines[0].strip() and _UNDERLINE.fullmatch(plain):
            blocks.append(Block(lines.pop().strip(), level=1 if plain[0] == "=" else 2))
        elif not plain:
            flush()
        else:
            lines.append(plain)
    flush()
    titles = (block.text for block in blocks if block.level == 1)
    return Reading(next(titles, ""), tuple(blocks))


def _without_front_matter(text: str) -> list[str]:
    """Returns the lines without the keys that some tools put before the text."""
    lines = text.splitlines()
    if lines and lines[0].strip() == "---":
        for i, line in enumerate(lines[1:60], start=1):
            if line.strip() in ("---", "..."):
                return lines[i + 1 :]
    return lines
