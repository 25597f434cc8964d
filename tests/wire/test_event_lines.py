"""Tests that text with Unicode's own line ends stays on one line of a stream, on every surface."""

from __future__ import annotations

import orjson
import pytest

from router.types import Answer, Choice, Delta, JsonText, Usage
from router.wire.anthropic.render import MessageStream
from router.wire.openai.completions import CompletionStream
from router.wire.openai.render import StreamRenderer, one_line, render_completion
from router.wire.protocols import AnswerStream
from router.wire.responses.stream import ResponseStream

TEXT = "one\u2028two\u2029three\u0085four \u2013 \u201cfünf\u201d"
STREAMS: list[AnswerStream] = [
    StreamRenderer(id="a", created=1, model="m"),
    CompletionStream(id="a", created=1, model="m", include_usage=False),
    MessageStream(id="a", model="m", usage=Usage(), shows_thinking=False),
    ResponseStream(id="a", created=1, model="m", echoed=b'{"metadata":{}}'),
]


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: type(stream).__name__)
def test_an_event_is_whole_however_its_lines_are_split(stream: AnswerStream) -> None:
    answer = Answer((Choice(TEXT, "stop"),), "m", Usage())
    wire = stream.begin() + stream.delta(Delta(text=TEXT)) + stream.finish(answer)
    lines = wire.decode().splitlines()
    assert lines == wire.decode().split("\n")[:-1]
    found = [line.removeprefix("data: ") for line in lines if line.startswith("data: {")]
    assert any(TEXT in _texts(orjson.loads(event)) for event in found)


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []


def test_names_and_routing_in_a_chat_completions_stream_split_no_event() -> None:
    renderer = StreamRenderer(id="a", created=1, model=TEXT, include_usage=True)
    answer = Answer((Choice(TEXT, "stop", refusal=TEXT),), TEXT, Usage())
    routing = JsonText(orjson.dumps({"tier": TEXT}).decode())
    wire = renderer.delta(Delta(text="Hi")) + renderer.finish(answer, routing)
    lines = wire.decode().splitlines()
    assert lines == wire.decode().split("\n")[:-1]
    events = [orjson.loads(line[6:]) for line in lines if line.startswith("data: {")]
    assert [event["model"] for event in events] == [TEXT] * len(events)
    assert events[-1]["routing"] == {"tier": TEXT}


def test_other_characters_stay_as_they_are() -> None:
    plain = orjson.dumps({"text": "\u2013 \u201cfünf\u201d \u00e5 \u4e2d"})
    assert one_line(plain) == plain


def test_a_whole_answer_is_not_escaped() -> None:
    answer = Answer((Choice(TEXT, "stop"),), "m", Usage())
    assert TEXT.encode() in render_completion(answer, id="a", created=1)
