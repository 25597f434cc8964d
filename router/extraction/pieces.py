"""Cuts a text into sentences or lines, with their places. Pure and linear."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_PIECE = 2_000
"""Bounds what one pattern is tried on: a pattern that takes quadratic time then stays quick."""

_END = re.compile(
    r"(?<=[.!?;])[\"”')\]]{0,2}\s+(?=[\"“(\[]?[A-Z0-9À-Þ(])|\n\s*\n|\n(?=\s*[-*•(\d])"
)
_SHORT = re.compile(
    r"(?:\b(?:No|Nr|Inc|Ltd|Co|Corp|Mr|Mrs|Ms|Dr|St|vs|Art|Sec|Para|approx|e\.g|i\.e|U\.S|Prof"
    r"|Pte|Pty|cf|al|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)|\b[A-Z])\.$"
)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of each sentence.

    >>> text = "Acme Inc. pays. We wait."
    >>> [text[a:b] for a, b in sentences(text)]
    ['Acme Inc. pays.', 'We wait.']
    """
    start = 0
    for match in _END.finditer(text):
        if _SHORT.search(text, max(start, match.start() - 12), match.start()):
            continue
        yield from _cut(text, start, match.start())
        start = match.end()
    yield from _cut(text, start, len(text))


def lines(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of each line."""
    start = 0
    for line in text.splitlines(keepends=True):
        yield from _cut(text, start, start + len(line))
        start += len(line)


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    for begin in range(start, end, LONGEST_PIECE):
        yield begin, min(end, begin + LONGEST_PIECE)
