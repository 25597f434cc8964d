"""Calls in the form that chat completions had before `tool_calls`: a message's `function_call`."""

from __future__ import annotations

import orjson
import pytest

from router.types import Delta, ToolCall
from router.wire.openai.answers import parse_completion
from router.wire.openai.upstream_events import ChunkFolder

OLD = {"name": "look", "arguments": '{"a":1}'}
NEW = [{"index": 0, "id": "c1", "function": {"name": "see", "arguments": "{}"}}]


def chunk(delta: dict[str, object], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return orjson.dumps({"id": "chatcmpl-9f", "choices": [choice]})


def whole(message: dict[str, object]) -> tuple[ToolCall, ...]:
    choice = {"index": 0, "message": message, "finish_reason": "function_call"}
    answer = parse_completion(orjson.dumps({"id": "chatcmpl-9f", "choices": [choice]}))
    assert answer.choices[0].finish_reason == (
        "tool_calls" if answer.choices[0].tool_calls else "stop"
    )
    return answer.choices[0].tool_calls


def streamed(*deltas: dict[str, object]) -> tuple[tuple[ToolCall, ...], list[Delta]]:
    folder, pieces = ChunkFolder(), list[Delta]()
    for delta in deltas:
        pieces += folder.fold(chunk(delta))
    folder.fold(chunk({}, "function_call"))
    return folder.finish().choices[0].tool_calls, pieces


def test_a_whole_call_of_the_old_form_is_a_call() -> None:
    assert whole({"content": None, "function_call": OLD}) == (
        ToolCall("call_9f_0", "look", '{"a":1}'),
    )


def test_a_streamed_call_of_the_old_form_is_a_call() -> None:
    calls, pieces = streamed(
        {"role": "assistant", "content": None, "function_call": {"name": "look", "arguments": ""}},
        {"function_call": {"arguments": '{"a"'}},
        {"function_call": {"arguments": ":1}"}},
    )
    assert calls == (ToolCall("call_9f_0", "look", '{"a":1}'),)
    said = [
        (p.tool_call.id, p.tool_call.name, p.tool_call.arguments) for p in pieces if p.tool_call
    ]
    assert said == [("call_9f_0", "look", ""), ("", "", '{"a"'), ("", "", ":1}")]


def test_a_call_that_is_written_in_both_forms_is_one_call() -> None:
    both = {"tool_calls": NEW, "function_call": OLD}
    assert whole(both) == streamed(both)[0] == (ToolCall("c1", "see", "{}"),)


@pytest.mark.parametrize("nothing", [None, {}, {"name": "", "arguments": ""}, "look"])
def test_an_empty_call_of_the_old_form_says_nothing(nothing: object) -> None:
    said = {"content": "Hello.", "function_call": nothing}
    assert whole(said) == streamed(said)[0] == ()
