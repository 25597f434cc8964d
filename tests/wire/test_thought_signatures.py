"""Gemini's thought signatures travel with their calls, over chat completions and responses."""

from __future__ import annotations

import json

import orjson
import pytest

from router.privacy.provider_seals import stamped
from router.types import Answer, ChatRequest, Delta, ToolCall
from router.wire.openai.answers import parse_completion
from router.wire.openai.render import StreamRenderer, deltas_of, render_completion
from router.wire.openai.thought_signatures import UNSIGNED, wants_signatures
from router.wire.openai.upstream import upstream_body
from router.wire.openai.upstream_events import ChunkFolder
from router.wire.responses.request import ResponsesFormat
from tests.kits.upstreams.upstream_kit import facts
from tests.kits.wire_kit import HELLO, parse

ISSUER = "5f2c0d1e2b3a"
EXTRA = {"google": {"thought_signature": "AY89.a="}}
CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "f", "arguments": "{}"},
    "extra_content": EXTRA,
}
OTHER = {**CALL, "id": "c2", "extra_content": None}


def answer(text: str | None = None) -> Answer:
    message = {"role": "assistant", "content": text, "tool_calls": [OTHER, CALL]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return parse_completion(orjson.dumps({"choices": [choice]}), ISSUER)


def streamed(text: str | None = None) -> Answer:
    folder = ChunkFolder(ISSUER)
    pieces = [{"index": i, **call} for i, call in enumerate((OTHER, CALL))]
    for delta in ({"content": text}, {"tool_calls": pieces}):
        folder.fold(orjson.dumps({"choices": [{"index": 0, "delta": delta}]}))
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    folder.fold(orjson.dumps(end))
    return folder.finish()


def sent(request: ChatRequest, issuer: str = ISSUER, wants: bool = False) -> list[object]:
    body = upstream_body(request, facts(), model="m", issuer=issuer, wants_signatures=wants)
    calls = json.loads(body)["messages"][-1]["tool_calls"]
    return [call.get("extra_content") for call in calls]


@pytest.mark.parametrize("text", [None, "I will."])
def test_a_streamed_signature_is_that_of_a_whole_answer(text: str | None) -> None:
    whole = answer(text)
    assert whole.choices[0].sealed == streamed(text).choices[0].sealed
    assert len(whole.choices[0].sealed) == 1


@pytest.mark.parametrize("text", [None, "I will."])
def test_a_chat_client_brings_it_back_to_its_issuer(text: str | None) -> None:
    told = json.loads(render_completion(answer(text), id="1", created=2))
    message = told["choices"][0]["message"]
    shown = message["tool_calls"][1]["extra_content"]["google"]["thought_signature"]
    assert shown == stamped("AY89.a=", ISSUER)
    request = parse(messages=[*HELLO, message])
    assert sent(request) == [None, EXTRA]
    assert sent(request, issuer="another") == [None, None]


def test_a_stream_carries_it_with_its_call() -> None:
    stream = StreamRenderer(id="1", created=2, model="m")
    text = b"".join([stream.delta(delta) for delta in deltas_of(answer())]).decode()
    assert text.count("extra_content") == 1
    assert stamped("AY89.a=", ISSUER) in text


def test_a_client_of_responses_brings_it_back_too() -> None:
    body = {"model": "auto", "input": "hi"}
    exchange = ResponsesFormat().read(json.dumps(body).encode(), {})
    items = json.loads(exchange.whole(answer("I will."), id="1", created=2))["output"]
    kinds = ["message", "function_call", "reasoning", "function_call"]
    assert [item["type"] for item in items] == kinds
    again = {"model": "auto", "input": [*HELLO, *items]}
    request = ResponsesFormat().read(json.dumps(again).encode(), {}).request
    assert sent(request) == [None, EXTRA]


def test_calls_of_other_models_say_so_where_google_wants_signatures() -> None:
    message = json.loads(render_completion(answer(), id="1", created=2))["choices"][0]["message"]
    request = parse(messages=[*HELLO, message])
    unsigned = {"google": {"thought_signature": UNSIGNED}}
    assert sent(request, wants=True) == [unsigned, EXTRA]
    assert sent(request, issuer="another", wants=True) == [unsigned, unsigned]


@pytest.mark.parametrize(
    ("host", "wants"),
    [
        ("generativelanguage.googleapis.com", True),
        ("europe-west4-aiplatform.googleapis.com", True),
        ("api.openai.com", False),
        ("googleapis.com.example", False),
    ],
)
def test_only_googles_hosts_want_signatures(host: str, wants: bool) -> None:
    assert wants_signatures(host) is wants


@pytest.mark.parametrize("extra", [1, [], {}, {"google": 1}, {"google": {"thought_signature": 1}}])
def test_what_is_no_signature_is_left_out(extra: object) -> None:
    request = parse(
        messages=[*HELLO, {"role": "assistant", "tool_calls": [{**CALL, "extra_content": extra}]}]
    )
    assert request.messages[-1].tool_calls == (ToolCall("c1", "f", "{}"),)
    assert request.messages[-1].sealed == ()


def test_a_delta_without_a_call_has_none() -> None:
    stream = StreamRenderer(id="1", created=2, model="m")
    assert b"extra_content" not in stream.delta(Delta(text="hi"))
