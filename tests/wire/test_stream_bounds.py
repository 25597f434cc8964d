"""Tests how long an upstream's stream may be: in each event, in what it says, and in all."""

from __future__ import annotations

import tracemalloc

import orjson
import pytest

from router.errors import UpstreamTooMuch
from router.types import Delta, JsonText, Sealed, TokenLogprob, ToolCall
from router.wire.anthropic.answers import MessageFolder
from router.wire.openai.upstream_events import (
    KEPT_PER_LOGPROB,
    MAX_EVENT_BYTES,
    ChunkFolder,
    EventDecoder,
    SaidBound,
    stream_bound,
)
from router.wire.responses.answers import ResponseFolder
from tiers.upstream.wires import Folder


def test_an_event_may_be_as_long_as_a_whole_answer() -> None:
    """The last event of OpenAI's responses repeats the whole answer."""
    most_bytes = stream_bound(1_000)
    line = b"data: " + b"x" * (MAX_EVENT_BYTES - 8)
    assert len(EventDecoder(most_bytes).feed(line + b"\n\n")[0]) == MAX_EVENT_BYTES - 8
    with pytest.raises(UpstreamTooMuch, match="event"):
        EventDecoder(most_bytes).feed(line + b"xxx")


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
    Delta(text="\u00e4" * 500),
    Delta(text="\U0001f600" * 250),
    Delta(reasoning="x" * 1_000),
    Delta(reasoning="x" * 200, sealed=Sealed("thinking", JsonText("x" * 800), "us")),
    Delta(sealed=Sealed("thinking", JsonText("x" * 1_000), "us")),
    Delta(tool_call_index=0, tool_call=ToolCall("c" * 50, "f" * 50, "x" * 900)),
]


@pytest.mark.parametrize("delta", SAID)
def test_a_stream_says_no_more_than_a_whole_answer(delta: Delta) -> None:
    bound = SaidBound()
    bound.add([delta] * (MAX_EVENT_BYTES // 1_000))
    with pytest.raises(UpstreamTooMuch, match="answer is longer"):
        bound.add([Delta(text="x")])


def test_what_no_piece_has_said_counts_while_it_is_kept() -> None:
    bound = SaidBound()
    bound.add([Delta(text="x" * 1_000)], MAX_EVENT_BYTES - 1_000)
    bound.add([Delta(text="x" * 1_000)])
    with pytest.raises(UpstreamTooMuch, match="answer is longer"):
        bound.add([], MAX_EVENT_BYTES - 1_999)


def test_log_probabilities_count_in_what_a_stream_says() -> None:
    token = TokenLogprob("x", -1.0, (TokenLogprob("x", -1.0), TokenLogprob("y", -2.0)))
    bound = SaidBound()
    bound.add([Delta(logprobs=(token,))] * (MAX_EVENT_BYTES // (3 * KEPT_PER_LOGPROB)))
    with pytest.raises(UpstreamTooMuch, match="answer is longer"):
        bound.add([Delta(logprobs=(token,))])


def folded(folder: Folder, *events: object) -> tuple[list[Delta], int]:
    """Returns the Deltas of the events, and the bytes that the folder keeps without one."""
    deltas = [delta for event in events for delta in folder.fold(orjson.dumps(event))]
    return deltas, folder.unsaid


def chunk(**delta: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": delta}]}


def test_chat_chunks_keep_refusals_unsaid() -> None:
    said = [
        chunk(content="Hi", refusal="\u00e4" * 500),
        chunk(refusal="x" * 500),
        chunk(content="x"),
    ]
    deltas, unsaid = folded(ChunkFolder(), *said)
    assert (len(deltas), unsaid) == (2, 1_500)


def test_chat_chunks_keep_signatures_unsaid() -> None:
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}
    signed = {"extra_content": {"google": {"thought_signature": "x" * 1_000}}}
    folder = ChunkFolder("us")
    assert folded(folder, chunk(tool_calls=[call]))[1] == 0
    assert 1_000 < folded(folder, chunk(tool_calls=[{"index": 0, **signed}]))[1] < 1_100
    other = {"extra_content": {"google": {"note": "x" * 1_000}}}
    assert folded(folder, chunk(tool_calls=[{"index": 0, **other}]))[1] < 1_100
    folder.fold(orjson.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
    assert folder.finish().choices[0].sealed


BLOCK_START = {"type": "content_block_start", "content_block": {"type": "thinking"}}


def grown(kind: str, key: str) -> dict[str, object]:
    return {"type": "content_block_delta", "delta": {"type": kind, key: "x" * 1_000}}


@pytest.mark.parametrize(
    ("kind", "key", "unsaid"),
    [
        ("thinking_delta", "thinking", 2_000),
        ("signature_delta", "signature", 2_000),
        ("input_json_delta", "partial_json", 2_000),
        ("text_delta", "text", 0),
    ],
)
def test_an_open_block_of_a_message_is_unsaid(kind: str, key: str, unsaid: int) -> None:
    folder = MessageFolder("us")
    assert folded(folder, BLOCK_START, *[grown(kind, key)] * 2)[1] == unsaid
    assert folded(folder, {"type": "content_block_stop"})[1] == 0


def item(**fields: object) -> dict[str, object]:
    return {"type": "response.output_item.done", "item": fields}


def piece(words: str) -> dict[str, object]:
    return {"type": "response.output_text.delta", "delta": words}


def test_items_of_a_response_that_nobody_heard_are_unsaid() -> None:
    call = item(type="function_call", name="f", call_id="c", arguments="x" * 1_000)
    refused = item(type="message", content=[{"type": "refusal", "refusal": "x" * 1_000}])
    for kept in (call, refused):
        assert folded(ResponseFolder("us"), kept)[1] == len(orjson.dumps(kept))


def test_items_of_a_response_that_were_streamed_are_said() -> None:
    message = item(type="message", content=[{"type": "output_text", "text": "x" * 1_000}])
    folder = ResponseFolder("us")
    assert folded(folder, *[piece("x" * 100)] * 10, message)[1] == 0
    assert folded(folder, message)[1] == len(orjson.dumps(message))
    sealed = item(type="reasoning", encrypted_content="x" * 1_000)
    deltas, unsaid = folded(ResponseFolder("us"), sealed)
    assert (len(deltas), unsaid) == (1, 0)
