"""Tests that a text which comes a few letters at a time is kept whole, in little memory."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from router.wire.growing_text import JOINED_AT, GrowingText
from router.wire.openai.upstream_events import ChunkFolder


@given(st.lists(st.text(max_size=3), max_size=3 * JOINED_AT))
def test_the_text_is_its_pieces_in_their_order(pieces: list[str]) -> None:
    growing = GrowingText()
    for piece in pieces:
        growing.add(piece)
    assert growing.whole == "".join(pieces)


def test_pieces_beyond_a_block_stay_in_their_order() -> None:
    growing = GrowingText()
    pieces = [f"{i} " for i in range(2 * JOINED_AT + 1)]
    for piece in pieces:
        growing.add(piece)
    assert growing.whole == "".join(pieces)


def test_a_long_stream_keeps_little_more_than_its_text() -> None:
    """A client that reads slowly may keep an answer open for a minute, and there may be many."""
    piece = b'{"choices":[{"index":0,"delta":{"content":"word "}}]}'
    folder = ChunkFolder()
    folder.fold(piece)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20_000):
            folder.fold(piece)
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    folder.fold(b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}')
    assert len(folder.finish().text) == 100_005
    assert kept < 300_000
