"""Tests how long an upstream's stream may be: in each event, in what it says, and in all."""

from __future__ import annotations

import tracemalloc

import pytest

from router.errors import UpstreamTooMuch
from router.types import Delta, TokenLogprob, ToolCall
from router.wire.openai.upstream_events import (
    KEPT_PER_LOGPROB,
    MAX_EVENT_BYTES,
    EventDecoder,
    SaidBound,
    stream_bound,
)


def test_an_event_may_be_as_long_as_a_whole_answer() -> None:
    """The last event of OpenAI's responses repeats the whole answer."""
    most = stream_bound(1_000)
    line = b"data: " + b"x" * (MAX_EVENT_BYTES - 8)
    assert len(EventDecoder(most).feed(line + b"\n\n")[0]) == MAX_EVENT_BYTES - 8
    with pytest.raises(UpstreamTooMuch, match="event"):
        EventDecoder(most).feed(line + b"xxx")


FEW_BYTES = 1_000_000
"""Bounds the streams whose memory is measured, which takes long: most lines are of a few bytes."""
ENDLESS_EVENTS = [b"x" * 10_000, b"data: a line of an event\n" * 400, b"data:\n" * 2_000]


@pytest.mark.parametrize("piece", ENDLESS_EVENTS)
def test_an_event_without_an_end_is_refused_in_bounded_memory(piece: bytes) -> None:
    decoder = EventDecoder(stream_bound(1_000), FEW_BYTES)
    tracemalloc.start()
    try:
        for _ in range(FEW_BYTES // len(piece)):
            assert decoder.feed(piece) == []
        assert tracemalloc.get_traced_memory()[1] < 6 * FEW_BYTES
    finally:
        tracemalloc.stop()
    more = piece * (FEW_BYTES // 4 // len(piece))  # a line's end is no part of an event
    with pytest.raises(UpstreamTooMuch, match="event"):
        decoder.feed(more)


@pytest.mark.parametrize("line", [b": keep-alive\n", b":\n", b"\n", b"data:\n\n", b"event: x\n"])
def test_a_stream_that_says_nothing_ends_in_bounded_memory(line: bytes) -> None:
    piece = line * (10_000 // len(line))
    decoder = EventDecoder(FEW_BYTES)
    tracemalloc.start()
    try:
        for _ in range(FEW_BYTES // len(piece)):
            assert decoder.feed(piece) == []
        assert tracemalloc.get_traced_memory()[0] < 10_000
    finally:
        tracemalloc.stop()
    with pytest.raises(UpstreamTooMuch, match="stream is longer"):
        decoder.feed(piece)


def test_the_bound_of_a_stream_rises_with_the_tokens_that_were_asked_for() -> None:
    piece = b"data: " + b"x" * 992 + b"\n\n"
    for tokens in (0, 20_000):
        decoder, events = EventDecoder(stream_bound(tokens)), 16_000 + tokens * 1_024 // 1_000
        assert sum(len(decoder.feed(piece)) for _ in range(events)) == events
        with pytest.raises(UpstreamTooMuch):
            decoder.feed(piece)


SAID = [
    Delta(text="x" * 1_000),
    Delta(reasoning="x" * 1_000),
    Delta(tool_call_index=0, tool_call=ToolCall("c", "f", "x" * 1_000)),
]


@pytest.mark.parametrize("delta", SAID)
def test_a_stream_says_no_more_than_a_whole_answer(delta: Delta) -> None:
    bound = SaidBound()
    bound.add([delta] * (MAX_EVENT_BYTES // 1_000))
    with pytest.raises(UpstreamTooMuch, match="answer is longer"):
        bound.add([Delta(text="x")])


def test_log_probabilities_count_in_what_a_stream_says() -> None:
    token = TokenLogprob("x", -1.0, (TokenLogprob("x", -1.0), TokenLogprob("y", -2.0)))
    bound = SaidBound()
    bound.add([Delta(logprobs=(token,))] * (MAX_EVENT_BYTES // (3 * KEPT_PER_LOGPROB)))
    with pytest.raises(UpstreamTooMuch, match="answer is longer"):
        bound.add([Delta(logprobs=(token,))])
