"""Cuts blocks into chunks of about a paragraph, each under its headings. Pure.

Short blocks of one section and page are put together; a long one is cut at sentences. A chunk never
crosses a heading or a page, so that a citation names one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from router.documents.pieces import Chunk, Reading

MOST_CHARACTERS = 700
"""Of a chunk: about 140 tokens, and the encoder reads 128."""

ENOUGH_CHARACTERS = 400
"""From this length on a chunk takes no further block."""

MOST_HEADING = 120
"""Characters that are kept of one heading."""

_SENTENCE_END = re.compile(r"(?<=[.!?;:])\s+|\n+")


def chunks_of(reading: Reading) -> list[Chunk]:
    """Returns the chunks of one document, in its order.

    A heading without any text below it is a chunk of its own, since some files hold nothing else.
    """
    made: list[Chunk] = []
    headings: list[tuple[int, str, bool]] = []  # level, text, and True once something is below
    pending: list[str] = []
    page = 0

    def flush() -> None:
        if pending:
            made.append(Chunk("\n".join(pending), _section(headings), page))
            pending.clear()

    for block in reading.blocks:
        text = block.text.strip()
        if not text:
            continue
        if block.level:
            flush()
            made += _bare(headings, block.level, page)
            headings = [heading for heading in headings if heading[0] < block.level]
            headings = [(level, title, True) for level, title, _ in headings]
            headings.append((block.level, " ".join(text.split())[:MOST_HEADING], False))
            page = block.page
            continue
        headings = [(level, title, True) for level, title, _ in headings]
        length = sum(map(len, pending))
        if block.whole or block.page != page or length + len(text) > MOST_CHARACTERS:
            flush()
        page = block.page
        for piece in _pieces(text):
            if sum(map(len, pending)) + len(piece) > MOST_CHARACTERS:
                flush()
            pending.append(piece)
        if block.whole or sum(map(len, pending)) >= ENOUGH_CHARACTERS:
            flush()
    flush()
    made += _bare(headings, 1, page)
    return made


def _section(headings: list[tuple[int, str, bool]]) -> str:
    return " > ".join(text for _, text, _ in headings)


def _bare(headings: list[tuple[int, str, bool]], level: int, page: int) -> list[Chunk]:
    """Returns the last heading as a chunk where nothing stands below it."""
    if not headings or headings[-1][2] or headings[-1][0] < level:
        return []
    return [Chunk(headings[-1][1], _section(headings[:-1]), page)]


def _pieces(text: str) -> Iterator[str]:
    """Yields a text whole, or cut at sentences, or, where there are none, at blanks."""
    if len(text) <= MOST_CHARACTERS:
        yield text
        return
    piece = ""
    for sentence in _SENTENCE_END.split(text):
        for part in _words_of(sentence):
            if piece and len(piece) + len(part) >= MOST_CHARACTERS:
                yield piece
                piece = ""
            piece = f"{piece} {part}".strip()
    if piece:
        yield piece


def _words_of(sentence: str) -> Iterator[str]:
    """Yields a sentence in parts of at most MOST_CHARACTERS, cut at blanks where there are any."""
    sentence = sentence.strip()
    begin = 0  # the rest is not copied for each part: a file may be one long line
    while len(sentence) - begin > MOST_CHARACTERS:
        end = sentence.rfind(" ", begin + 1, begin + MOST_CHARACTERS)
        end = begin + MOST_CHARACTERS if end < 0 else end
        if part := sentence[begin:end].strip():
            yield part
        begin = end
    if part := sentence[begin:].strip():
        yield part
