"""What a backend in the same process asks is refused as its JSON is, in the same sentences."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from router.errors import RequestError
from router.types import (
    ChatRequest,
    ContentPart,
    Hints,
    JsonText,
    Message,
    ResponseFormat,
    Sampling,
    ToolCall,
    ToolSpec,
)
from router.wire.openai.in_process import read_asked
from router.wire.openai.request import parse_chat_request

HI: dict[str, object] = {"role": "user", "content": "hi"}
LOOK_UP: dict[str, Any] = {
    "name": "look_up",
    "description": "Looks an order up.",
    "parameters": {"type": "object", "properties": {"order": {"type": "string"}}},
}


def value(**fields: Any) -> ChatRequest:
    return ChatRequest((Message("user", "hi"),), "auto", **fields)


def tool(**fields: Any) -> ToolSpec:
    return ToolSpec(**{**LOOK_UP, **fields})


def body(**fields: object) -> dict[str, object]:
    return {"model": "auto", "messages": [HI], **fields}


def offered(**fields: object) -> list[dict[str, object]]:
    return [{"type": "function", "function": {**LOOK_UP, **fields}}]


def schema(**fields: object) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": fields}


MISTAKES: list[tuple[object, dict[str, object]]] = [
    ([], body(messages=[])),
    (5, body(messages=5)),
    ([HI, {**HI, "role": "userr"}], body(messages=[HI, {**HI, "role": "userr"}])),
    ([Message("userr", "hi")], body(messages=[{**HI, "role": "userr"}])),
    (["hi"], body(messages=["hi"])),
    (ChatRequest((), "auto"), body(messages=[])),
    (ChatRequest((Message("user", "hi"),), ""), body(model="")),
    (value(sampling=Sampling(temperature=9)), body(temperature=9)),
    (value(sampling=Sampling(max_output_tokens=-3)), body(max_completion_tokens=-3)),
    (value(sampling=Sampling(stop=("",))), body(stop=[""])),
    (value(sampling=Sampling(n=0)), body(n=0)),
    (value(sampling=Sampling(top_logprobs=2)), body(top_logprobs=2)),
    (value(sampling=Sampling(reasoning_effort="most")), body(reasoning_effort="most")),
    (value(hints=Hints(min_tier=22)), body(routing={"min_tier": 22})),
    (value(hints=Hints(confidence_floor=7)), body(routing={"confidence_floor": 7})),
    (value(hints=Hints(tags=("",))), body(routing={"tags": [""]})),
    (value(tools=(tool(name="a b"),)), body(tools=offered(name="a b"))),
    (value(tools=(tool(parameters="[]"),)), body(tools=offered(parameters=[]))),
    (value(tool_choice="required"), body(tool_choice="required")),
    (
        value(tools=(tool(),), tool_choice={"type": "function", "function": {"name": "other"}}),
        body(tools=offered(), tool_choice={"type": "function", "function": {"name": "other"}}),
    ),
    (value(response_format=ResponseFormat("yaml")), body(response_format={"type": "yaml"})),
    (
        value(response_format=ResponseFormat("json_schema", "order")),
        body(response_format=schema(name="order")),
    ),
    (value(extra={"api_base": JsonText('"x"')}), body(api_base="x")),
]


@pytest.mark.parametrize(("asked", "sent"), MISTAKES)
def test_what_the_server_refuses_is_refused_in_its_words(
    asked: object, sent: dict[str, object]
) -> None:
    with pytest.raises(RequestError) as by_body:
        parse_chat_request(orjson.dumps(sent), {})
    with pytest.raises(RequestError) as by_value:
        read_asked(asked)
    assert by_value.value.message == by_body.value.message
    assert (by_value.value.param, by_value.value.code) == (by_body.value.param, by_body.value.code)


SAME: list[tuple[object, dict[str, object]]] = [
    ("hi", body()),
    ([HI], body()),
    ((Message("user", "hi"),), body()),
    ({"messages": [HI]}, body()),
    (
        {"messages": [HI], "temperature": 0.2, "tools": offered(), "tool_choice": "required"},
        body(temperature=0.2, tools=offered(), tool_choice="required"),
    ),
    (
        value(tools=(tool(),), tool_choice="auto", sampling=Sampling(stop=("x",), n=2)),
        body(tools=offered(), tool_choice="auto", stop="x", n=2),
    ),
    (value(tools=offered()), body(tools=offered())),
    (
        value(response_format=ResponseFormat("json_schema", "order", LOOK_UP["parameters"])),
        body(response_format=schema(name="order", schema=LOOK_UP["parameters"])),
    ),
    (value(hints=Hints(stakes_nano_usd=5 * 10**9)), body(routing={"stakes_usd": 5})),
]


@pytest.mark.parametrize(("asked", "sent"), SAME)
def test_what_says_the_same_is_the_same_request(asked: object, sent: dict[str, object]) -> None:
    assert read_asked(asked) == parse_chat_request(orjson.dumps(sent), {})


def test_a_tool_of_anthropics_stays_one() -> None:
    bash = tool(native=JsonText('{"type":"bash_20250124","name":"look_up"}'))
    assert read_asked(value(tools=(bash,))).tools == (bash,)


@pytest.mark.parametrize(
    "native", ["web_search", '{"type":"web_search_20250305","name":"web_search"}', "{}"]
)
def test_a_tool_that_anthropic_runs_is_refused(native: str) -> None:
    with pytest.raises(RequestError, match="native"):
        read_asked(value(tools=(tool(native=JsonText(native)),)))


def test_messages_that_are_values_stay_as_they_are() -> None:
    picture = ContentPart(
        "image_url", JsonText('{"type":"image_url","image_url":{"url":"data:image/png;base64,"}}')
    )
    messages = (
        Message("user", "", (picture,)),
        Message("assistant", "", tool_calls=(ToolCall("c1", "look_up", "{}"),)),
        Message("tool", "sent", tool_call_id="c1"),
    )
    assert read_asked(messages).messages == messages


def test_a_picture_in_a_tools_value_follows_its_result() -> None:
    picture = ContentPart(
        "image_url", JsonText('{"type":"image_url","image_url":{"url":"data:image/png;base64,"}}')
    )
    call = Message("assistant", "", tool_calls=(ToolCall("c1", "look_up", "{}"),))
    asked = (Message("user", "Look."), call, Message("tool", "sent", (picture,), (), "c1"))
    assert read_asked(asked).messages == (
        *asked[:2],
        Message("tool", "sent", tool_call_id="c1"),
        Message("user", "", (picture,)),
    )


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, "messages: found null; expected an array"),
        (value(tools=(tool(parameters="nope"),)), "tools[0].function.parameters: found 'nope'"),
        ({"messages": [object()]}, "The body is not JSON"),
        (value(sampling=Sampling(temperature=object())), "temperature: found a Python object"),  # type: ignore[arg-type]
        (value(hints=Hints(max_cost_nano_usd=-1)), "routing.max_cost_nano_usd: found -1"),
    ],
)
def test_what_no_json_can_say_is_refused_by_name(asked: object, told: str) -> None:
    with pytest.raises(RequestError) as refused:
        read_asked(asked)
    assert refused.value.message.startswith(told)
