"""Bodies for upstreams that speak OpenAI's responses, and their answers, byte by byte."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from router.errors import StreamCut, UpstreamError, UpstreamInvalid, UpstreamTooLong
from router.types import Answer
from router.wire.responses.answers import ResponseFolder, parse_response
from router.wire.responses.request import ResponsesFormat
from router.wire.responses.upstream import response_body
from tests.kits.examples import examples
from tests.kits.upstreams.upstream_kit import facts

ISSUER = "5f2c0d1e2b3a"
THOUGHT = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAAA="}
MESSAGE = {"type": "message", "role": "assistant"}
TEXT = {**MESSAGE, "content": [{"type": "output_text", "text": "Hi."}]}
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
PATCH = {"type": "custom_tool_call", "call_id": "c2", "name": "apply_patch", "input": "x"}
TOOLS = [
    {"type": "function", "name": "f", "parameters": {"type": "object"}},
    {"type": "custom", "name": "apply_patch", "format": {"type": "text"}},
]
SCHEMA = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}


def parsed(*output: object, **fields: object) -> Answer:
    found = {"status": "completed", "output": list(output), "model": "m", "id": "r", **fields}
    return parse_response(orjson.dumps(found), ISSUER)


def posted(*items: object, issuer: str = ISSUER, seals: bool = True, **fields: object) -> dict:
    asked = {"model": "auto", "input": [{"role": "user", "content": "hi"}, *items], **fields}
    request = ResponsesFormat().read(json.dumps(asked).encode(), {}).request
    asks = replace(facts(), model="m", max_output_tokens=9, issuer=issuer)
    return json.loads(response_body(request, asks, seals=seals))


def back(answer: Answer, **fields: object) -> dict:
    """The next turn's body, after a client of responses was given this answer."""
    body = json.dumps({"model": "auto", "input": "hi", "tools": TOOLS}).encode()
    exchange = ResponsesFormat().read(body, {})
    items = json.loads(exchange.whole(answer, id="1", created=2))["output"]
    return posted(*items, tools=TOOLS, **fields)


@pytest.mark.parametrize(
    "output",
    [[THOUGHT, TEXT], [THOUGHT, CALL, PATCH], [TEXT, THOUGHT, CALL], [CALL, THOUGHT, PATCH]],
)
def test_an_answer_goes_back_in_the_order_it_came(output: list[dict]) -> None:
    items = back(parsed(*output))["input"][1:]
    kinds = [item["type"] for item in items]
    assert kinds == [item["type"] for item in output]
    assert [item for item in items if item["type"] == "reasoning"] == [THOUGHT]


def test_without_seals_none_goes_out_or_is_asked_for() -> None:
    body = back(parsed(THOUGHT, TEXT), seals=False)
    assert [item["type"] for item in body["input"]] == ["message", "message"]
    assert "include" not in body


def test_nothing_is_stored_upstream() -> None:
    assert posted(store=True)["store"] is False


def test_what_the_format_has_is_passed_on() -> None:
    body = posted(
        tools=TOOLS,
        tool_choice={"type": "custom", "name": "apply_patch"},
        reasoning={"effort": "low"},
        text={"format": SCHEMA, "verbosity": "low"},
        prompt_cache_key="k",
        parallel_tool_calls=False,
        temperature=0.5,
        max_output_tokens=7,
    )
    assert [tool["type"] for tool in body["tools"]] == ["function", "custom"]
    assert body["tool_choice"] == {"type": "custom", "name": "apply_patch"}
    assert body["reasoning"] == {"effort": "low"}
    assert body["text"] == {"format": SCHEMA, "verbosity": "low"}
    assert (body["prompt_cache_key"], body["parallel_tool_calls"]) == ("k", False)
    assert (body["temperature"], body["max_output_tokens"]) == (0.5, 7)


def test_a_cut_answer_says_so() -> None:
    details = {"reason": "max_output_tokens"}
    answer = parsed(TEXT, status="incomplete", incomplete_details=details)
    assert answer.choices[0].finish_reason == "length"


def test_usage_that_cannot_be_believed_is_unreported() -> None:
    assert not parsed(TEXT, usage={"input_tokens": -1, "output_tokens": 2}).usage.reported
    assert parsed(TEXT, usage={"input_tokens": 1, "output_tokens": 2}).usage.reported


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"status":"queued","output":[]}',
        b'{"status":"completed","output":[1]}',
        b'{"status":"completed","output":[{"type":"function_call","name":"f"}]}',
    ],
)
def test_what_is_no_response_is_refused(body: bytes) -> None:
    with pytest.raises(UpstreamInvalid):
        parse_response(body, ISSUER)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded"}}},
        {"type": "error", "code": "server_error", "message": "sk-secret"},
        {"error": {"code": "server_error", "message": "sk-secret"}},
        {"type": "response.completed", "response": {"error": {"code": "x"}}},
    ],
)
def test_a_failure_in_a_stream_is_raised_without_its_words(event: object) -> None:
    with pytest.raises(UpstreamError) as caught:
        ResponseFolder(ISSUER).fold(orjson.dumps(event))
    assert "sk-secret" not in caught.value.message


def test_a_stream_without_its_end_was_cut() -> None:
    folder = ResponseFolder(ISSUER)
    folder.fold(b'{"type":"response.output_text.delta","delta":"Hi"}')
    with pytest.raises(StreamCut):
        folder.finish()


@pytest.mark.parametrize(
    "event",
    [
        b'{"error":{"code":"context_length_exceeded"}}',
        b'{"type":"error","code":"context_length_exceeded"}',
        b'{"type":"error","error":{"code":"context_length_exceeded"}}',
        b'{"type":"response.failed","response":{"error":{"code":"context_length_exceeded"}}}',
    ],
)
def test_an_error_of_a_known_code_keeps_it(event: bytes) -> None:
    with pytest.raises(UpstreamTooLong):
        ResponseFolder(ISSUER).fold(event)


def test_items_of_a_stream_stand_in_for_an_empty_end() -> None:
    folder = ResponseFolder(ISSUER)
    folder.fold(orjson.dumps({"type": "response.output_item.done", "item": TEXT}))
    end = {"status": "completed", "output": []}
    folder.fold(orjson.dumps({"type": "response.completed", "response": end}))
    assert folder.finish().text == "Hi."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
KINDS = st.sampled_from(
    [
        "response.output_text.delta",
        "response.reasoning_text.delta",
        "response.output_item.done",
        "response.completed",
        "response.failed",
        "error",
        "reasoning",
        "message",
        "function_call",
    ]
)


@examples(200)
@given(KINDS, KINDS, st.dictionaries(st.sampled_from(["delta", "item", "response"]), JSON), JSON)
def test_no_event_is_met_with_a_fault_of_ours(
    kind: str, inner: str, fields: dict[str, object], content: object
) -> None:
    item = {"type": inner, "content": content, "summary": content, "encrypted_content": content}
    event = {"type": kind, "item": item, **fields}
    folder = ResponseFolder(ISSUER)
    try:
        folder.fold(orjson.dumps(event))
        folder.finish()
    except UpstreamError:
        pass
