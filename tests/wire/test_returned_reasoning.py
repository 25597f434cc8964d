"""Open thoughts go back to the servers that expect them, from each format of clients."""

from __future__ import annotations

import json

import orjson
import pytest

from router.money.cost import input_bound, sent_bound
from router.types import ChatRequest, Message
from router.wire.anthropic.request import MessagesFormat
from router.wire.body_keys import dropped
from router.wire.openai.returned_reasoning import (
    NO_THOUGHTS,
    advice_for,
    key_of_hosts,
    key_of_litellm,
)
from router.wire.openai.upstream import upstream_body
from router.wire.responses.request import ResponsesFormat
from tests.kits.changed import replace
from tests.kits.upstreams.upstream_kit import facts, section
from tests.kits.wire_kit import HELLO, parse

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "done"}
THOUGHTS = "First f."


def history(**more: object) -> ChatRequest:
    called = {"role": "assistant", "content": None, "tool_calls": [CALL], **more}
    return parse(messages=[*HELLO, called, RESULT])


def sent(request: ChatRequest, key: str) -> list[dict[str, object]]:
    body = upstream_body(request, replace(facts(), reasoning_key=key), model="m")
    messages: list[dict[str, object]] = json.loads(body)["messages"]
    return messages


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_thoughts_under_either_name_go_back_under_the_expected_one(name: str, key: str) -> None:
    messages = sent(history(**{name: THOUGHTS}), key)
    assert [message.get(key) for message in messages] == [None, THOUGHTS, None]


def test_a_server_that_expects_no_thoughts_gets_none() -> None:
    assert all(
        "reason" not in key for message in sent(history(reasoning="x"), "") for key in message
    )


@pytest.mark.parametrize("given", [None, "", 7, ["a"]])
def test_missing_thoughts_are_replaced_where_a_server_demands_them(given: object) -> None:
    messages = sent(history(reasoning_content=given), "reasoning_content")
    assert messages[1]["reasoning_content"] == NO_THOUGHTS
    assert "reasoning" not in sent(history(reasoning_content=given), "reasoning")[1]


def test_a_user_has_no_thoughts() -> None:
    request = parse(messages=[{"role": "user", "content": "hi", "reasoning_content": THOUGHTS}])
    assert request.messages == (Message("user", "hi"),)


def test_thoughts_shown_by_messages_come_back() -> None:
    blocks = [
        {"type": "thinking", "thinking": THOUGHTS, "signature": ""},
        {"type": "thinking", "thinking": "Signed elsewhere.", "signature": "EqQB"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
    ]
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1"}]}
    called = {"role": "assistant", "content": blocks}
    body = {"model": "auto", "max_tokens": 9, "messages": [*HELLO, called, result]}
    request = MessagesFormat().read(orjson.dumps(body), {}).request
    assert [message.reasoning for message in request.messages] == ["", THOUGHTS, ""]


def test_thoughts_shown_by_responses_come_back() -> None:
    def thought(words: str, **more: object) -> dict[str, object]:
        content = [{"type": "reasoning_text", "text": words}]
        return {"type": "reasoning", "summary": [], "content": content, **more}

    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    items = [
        thought("Led to nothing."),
        *HELLO,
        thought(THOUGHTS),
        thought("Sealed elsewhere.", encrypted_content="gAAAA"),
        call,
        thought("Then g."),
        {**call, "call_id": "c2", "name": "g"},
        {"type": "function_call_output", "call_id": "c1", "output": "done"},
        {"type": "function_call_output", "call_id": "c2", "output": "done"},
        thought("Now I know."),
        {"role": "assistant", "content": "42"},
    ]
    request = ResponsesFormat().read(orjson.dumps({"model": "auto", "input": items}), {}).request
    thoughts = {message.reasoning for message in request.messages if message.role != "assistant"}
    assert thoughts == {""}
    assistants = [m.reasoning for m in request.messages if m.role == "assistant"]
    assert assistants == [f"{THOUGHTS}\n\nThen g.", "Now I know."]


def test_only_the_server_that_gets_thoughts_pays_for_them() -> None:
    request = history(reasoning_content="é" * 500)
    returned = replace(facts(), reasoning_key="reasoning_content")
    assert sent_bound(facts(), request) == input_bound(request, 0)
    assert sent_bound(returned, request) == input_bound(request, 0) + 1_000 + len(request.messages)


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("api.deepseek.com", "reasoning_content"),
        ("DeepSeek.com", "reasoning_content"),
        ("api.moonshot.ai", "reasoning_content"),
        ("openrouter.ai", "reasoning"),
        ("api.openai.com", ""),
        ("notdeepseek.com", ""),
        ("deepseek.com.example.org", ""),
    ],
)
def test_key_follows_from_the_host(host: str, key: str) -> None:
    assert key_of_hosts(["127.0.0.1", host]) == key


def test_key_follows_from_the_provider_of_litellm() -> None:
    keys = {
        "deepseek/deepseek-chat": "reasoning_content",
        "xiaomi_mimo/mimo-v2-flash": "reasoning_content",
        "openrouter/deepseek/deepseek-chat": "reasoning",
        "openai/gpt-5": "",
    }
    assert {model: key_of_litellm(model) for model in keys} == keys


@pytest.mark.parametrize("wire", ["responses", "anthropic"])
def test_the_key_is_refused_where_thoughts_travel_sealed(wire: str) -> None:
    with pytest.raises(ValueError, match="no send_reasoning_as"):
        section("http://127.0.0.1:9/v1", wire=wire, send_reasoning_as="reasoning")


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_thoughts_are_dropped_only_where_no_server_gets_them(name: str) -> None:
    request = history(**{name: THOUGHTS, "annotations": [1]})
    returned = replace(facts(), reasoning_key="reasoning_content")
    assert set(dropped(request, facts())) - set(dropped(request, returned)) == {
        f"messages[].{name}"
    }


@pytest.mark.parametrize(
    "said",
    [
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
        "thinking is enabled but reasoning_content is missing in assistant tool call message at 2",
        "Missing `reasoning_content` field in the assistant message at message index 1.",
    ],
)
def test_a_server_that_misses_thoughts_is_told_from_others(said: str) -> None:
    advice = "set `send_reasoning_as: reasoning_content` in mid"
    assert advice in advice_for(said, "", "mid")
    assert advice in advice_for(said, "reasoning", "mid")
    assert advice_for(said, "reasoning_content", "mid") == ""


@pytest.mark.parametrize(
    "said",
    [
        "max_tokens is missing",
        "Please remove the reasoning_content from messages. A role is required.",
        "Extra inputs are not permitted: messages.1.reasoning_content",
    ],
)
def test_a_server_that_refuses_thoughts_gets_no_such_advice(said: str) -> None:
    assert advice_for(said, "", "mid") == ""
