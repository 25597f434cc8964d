"""Ids of tool calls: long ones come in, since litellm hides Gemini's signatures there, and short
ones go out."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest

from router.errors import RequestError
from router.types import BodyRules, ChatRequest
from router.wire.anthropic.request import MessagesFormat
from router.wire.anthropic.upstream import messages_body
from router.wire.call_ids import CHAT_ID, ELSEWHERE_ID, MAX_CALL_ID, RESPONSES_ID
from router.wire.openai.request import parse_chat_request
from router.wire.openai.upstream import upstream_body
from router.wire.responses.request import ResponsesFormat
from router.wire.responses.upstream import response_body
from tests.kits.upstreams.upstream_kit import facts

SIGNED = "call_5e__thought__" + "QUJD+/=" * 400
LONG = "functions.search:" + "0" * 100
IDS = [SIGNED, LONG, LONG + "1", "call_1"]


def chat(ids: list[str]) -> ChatRequest:
    calls = [
        {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for call_id in ids
    ]
    results = [{"role": "tool", "tool_call_id": call_id, "content": "4"} for call_id in ids]
    turn = {"role": "assistant", "content": None, "tool_calls": calls}
    messages = [{"role": "user", "content": "hi"}, turn, *results]
    return parse_chat_request(orjson.dumps({"model": "auto", "messages": messages}), {})


def responses(ids: list[str]) -> ChatRequest:
    items: list[object] = [{"role": "user", "content": "hi"}]
    items += [{"type": "function_call", "call_id": i, "name": "f", "arguments": "{}"} for i in ids]
    items += [{"type": "function_call_output", "call_id": i, "output": "4"} for i in ids]
    return ResponsesFormat().read(orjson.dumps({"model": "auto", "input": items}), {}).requests[0]


def messages(ids: list[str]) -> ChatRequest:
    called = [{"type": "tool_use", "id": i, "name": "f", "input": {}} for i in ids]
    given = [{"type": "tool_result", "tool_use_id": i, "content": "4"} for i in ids]
    turns = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": called},
        {"role": "user", "content": given},
    ]
    body = {"model": "auto", "max_tokens": 9, "messages": turns}
    return MessagesFormat().read(orjson.dumps(body), {}).requests[0]


@pytest.mark.parametrize("read", [chat, responses, messages])
def test_ids_that_hold_a_signature_are_read(
    read: Callable[[list[str]], ChatRequest],
) -> None:
    request = read(IDS)
    assert [call.id for call in request.messages[1].tool_calls] == IDS
    assert [message.tool_call_id for message in request.messages[2:]] == IDS


def test_no_id_is_longer_than_the_bound() -> None:
    chat(["c" * MAX_CALL_ID])
    with pytest.raises(RequestError, match="expected 1 to 65536 characters"):
        chat(["c" * (MAX_CALL_ID + 1)])


def test_litellm_gets_ids_as_it_wrote_them() -> None:
    sent = orjson.loads(upstream_body(chat(IDS), facts(kind="litellm"), model="m"))["messages"]
    assert [call["id"] for call in sent[1]["tool_calls"]] == IDS
    assert [message["tool_call_id"] for message in sent[2:]] == IDS


def test_openai_and_anthropic_get_short_ids_without_signatures() -> None:
    request, openais = chat(IDS), facts(body=BodyRules(stores_unasked=True))
    sent = orjson.loads(upstream_body(request, openais, model="m"))["messages"]
    in_chat = [call["id"] for call in sent[1]["tool_calls"]]
    assert [message["tool_call_id"] for message in sent[2:]] == in_chat
    items = orjson.loads(response_body(request, openais))["input"]
    in_items = [item["call_id"] for item in items if item["type"] == "function_call"]
    assert [item["call_id"] for item in items if "output" in item] == in_items
    turns = orjson.loads(messages_body(request, model="m", max_output_tokens=9, issuer="us"))
    in_blocks = [block["id"] for block in turns["messages"][1]["content"]]
    assert [block["tool_use_id"] for block in turns["messages"][2]["content"]] == in_blocks
    for ids, most in ((in_chat, CHAT_ID), (in_items, RESPONSES_ID), (in_blocks, 2 * RESPONSES_ID)):
        assert (ids[0], ids[3], len(set(ids))) == ("call_5e", "call_1", 4)
        assert max(map(len, ids)) <= most


def test_other_servers_get_ids_as_they_wrote_them() -> None:
    """Kimi reads its own, vLLM's have 46 characters, LiteLLM's proxy may find a signature."""
    kimis = "functions.mcp__github__create_pull_request:0"
    kept = [kimis, "chatcmpl-tool-" + "0" * 32, "call_1__thought__" + "QUJD" * 100, LONG]
    ids = [*kept, SIGNED, "c" * 600]
    request = chat(ids)
    sent = orjson.loads(upstream_body(request, facts(), model="m"))["messages"]
    in_chat = [call["id"] for call in sent[1]["tool_calls"]]
    assert [message["tool_call_id"] for message in sent[2:]] == in_chat
    items = orjson.loads(response_body(request, facts()))["input"]
    assert [item["call_id"] for item in items if item["type"] == "function_call"] == in_chat
    assert in_chat[:5] == [*kept, "call_5e"]
    assert len(in_chat[5]) == ELSEWHERE_ID
