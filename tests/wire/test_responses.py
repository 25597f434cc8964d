"""Bodies of OpenAI's responses to ChatRequest: what means what, what is refused by which name."""

from __future__ import annotations

import orjson
import pytest

from router.errors import RequestError
from router.types import ChatRequest
from router.wire.openai.request import parse_chat_request
from router.wire.responses.request import ResponsesFormat

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "done"}
TOOL = {"type": "function", "name": "f", "description": "d", "parameters": SCHEMA, "strict": True}
CHAT_TOOL = {
    "type": "function",
    "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True},
}
CHAT_CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
URL = "https://example.com/a.png"


def read(**fields: object) -> ChatRequest:
    body = {"model": "auto", "input": "hello", **fields}
    return ResponsesFormat().read(orjson.dumps(body), {}).requests[0]


def user(*content: object) -> list[object]:
    return [{"role": "user", "content": list(content)}]


SAME = [
    # a response's fields, the chat completion's that mean the same
    ({"input": "hi"}, {"messages": [{"role": "user", "content": "hi"}]}),
    (
        {"input": "hi", "instructions": "Be brief."},
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "hi"},
            ]
        },
    ),
    (
        {"input": user({"type": "input_text", "text": "hi"})},
        {"messages": [{"role": "user", "content": "hi"}]},
    ),
    (
        {
            "input": user(
                {"type": "input_text", "text": "hi"},
                {"type": "input_image", "image_url": URL, "detail": "low"},
            )
        },
        {
            "messages": user(
                {"type": "text", "text": "hi"},
                {"type": "image_url", "image_url": {"url": URL, "detail": "low"}},
            )
        },
    ),
    (
        {"input": user({"type": "input_file", "file_data": "x", "filename": "a.pdf"})},
        {
            "messages": user(
                {"type": "file", "file": {"file_data": "x", "filename": "a.pdf"}},
            )
        },
    ),
    (
        {
            "input": [
                {"role": "user", "content": "hi"},
                {"type": "reasoning", "id": "rs_1", "summary": []},
                {
                    "type": "message",
                    "id": "msg_1",
                    "role": "assistant",
                    "status": "completed",
                    "content": [{"type": "output_text", "text": "Wait.", "annotations": []}],
                },
                CALL,
                {**CALL, "call_id": "c2"},
                OUTPUT,
                {**OUTPUT, "call_id": "c2", "output": [{"type": "input_text", "text": "42"}]},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": "hi"},
                {
                    "role": "assistant",
                    "content": "Wait.",
                    "tool_calls": [CHAT_CALL, {**CHAT_CALL, "id": "c2"}],
                },
                {"role": "tool", "tool_call_id": "c1", "content": "done"},
                {"role": "tool", "tool_call_id": "c2", "content": "42"},
            ]
        },
    ),
    (
        {
            "tools": [TOOL],
            "tool_choice": {"type": "function", "name": "f"},
            "parallel_tool_calls": False,
        },
        {
            "tools": [CHAT_TOOL],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
            "parallel_tool_calls": False,
        },
    ),
    (
        {
            "text": {
                "format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}
            }
        },
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": SCHEMA, "strict": True},
            }
        },
    ),
    ({"text": {"format": {"type": "json_object"}}}, {"response_format": {"type": "json_object"}}),
    ({"text": {"verbosity": "low"}}, {"verbosity": "low"}),
    (
        {
            "max_output_tokens": 9,
            "temperature": 0,
            "top_p": 0.5,
            "reasoning": {"effort": "low"},
        },
        {"max_completion_tokens": 9, "temperature": 0, "top_p": 0.5, "reasoning_effort": "low"},
    ),
    (
        {"include": ["message.output_text.logprobs"], "top_logprobs": 3},
        {"logprobs": True, "top_logprobs": 3},
    ),
    # what says nothing to a model that nobody stores, streams or bills for
    (
        {
            "store": True,
            "metadata": {"a": "b"},
            "truncation": "auto",
            "background": False,
            "include": ["reasoning.encrypted_content"],
            "max_tool_calls": 3,
        },
        {},
    ),
    (
        {"user": "u", "prompt_cache_key": "k", "top_k": 3, "routing": {"stakes_usd": 5}},
        {"user": "u", "prompt_cache_key": "k", "top_k": 3, "routing": {"stakes_usd": 5}},
    ),
]


@pytest.mark.parametrize(("fields", "chat"), SAME)
def test_a_response_is_asked_for_as_the_same_chat_completion(
    fields: dict[str, object], chat: dict[str, object]
) -> None:
    reading = read(**fields)
    body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}], **chat}
    same = parse_chat_request(orjson.dumps(body), {})
    for name in ChatRequest.__struct_fields__:
        if name not in ("endpoint", "include_usage", "cap_key"):
            assert getattr(reading, name) == getattr(same, name), name


ITEM = {"role": "user", "content": "x"}
CACHED = {"type": "input_text", "text": "hello", "prompt_cache_breakpoint": {"mode": "explicit"}}
LEFT_OUT = [
    # fields, the names of the keys that no upstream receives
    ({"prompt_cache_options": {"mode": "implicit", "ttl": "30m"}}, ()),  # at the top: in `extra`
    ({"input": user(CACHED)}, ("input[].content[].prompt_cache_breakpoint",)),
    (
        {"input": [{**CALL, "caller": {"type": "direct"}, "content": ["x"]}]},
        ("input[].caller", "input[].content"),
    ),
    (
        {"input": [CALL, {**OUTPUT, "output": [CACHED]}]},
        ("input[].output[].prompt_cache_breakpoint",),
    ),
    ({"input": [{"type": "message", "id": "m", "status": "completed", **ITEM, "x": None}]}, ()),
    ({"tools": [{**TOOL, "defer_loading": True}]}, ("tools[].defer_loading",)),
    (
        {
            "tools": [
                {"type": "namespace", "name": "n", "tools": [{**TOOL, "output_schema": {"a": 1}}]}
            ]
        },
        ("tools[].tools[].output_schema",),
    ),
    ({"tools": [{"type": "web_search", "filters": {"a": 1}}]}, ()),  # left out whole
    (
        {"input": [{"type": "additional_tools", "tools": [{**TOOL, "x": 1}]}, ITEM]},
        ("tools[].x",),
    ),
]


@pytest.mark.parametrize(("fields", "names"), LEFT_OUT)
def test_a_key_inside_that_no_upstream_receives_is_named(
    fields: dict[str, object], names: tuple[str, ...]
) -> None:
    assert read(**fields).dropped == names


def test_a_script_that_called_tools_elsewhere_is_left_out() -> None:
    script = {"type": "program", "id": "p", "call_id": "c", "code": "1", "fingerprint": "f"}
    result = {"type": "program_output", "call_id": "c", "result": "1", "status": "completed"}
    messages = read(input=[ITEM, script, result, ITEM]).messages
    assert [message.text for message in messages] == ["x", "x"]


def test_the_other_name_of_priority_means_the_same() -> None:
    assert read(service_tier="fast").service_tier == "priority"


@pytest.mark.parametrize("name", ["flex", "scale", "priority", "ultrafast"])
def test_each_service_of_openai_is_passed_on_by_its_name(name: str) -> None:
    assert read(service_tier=name).service_tier == name


WRONG = [
    # fields, param, code
    ({"model": None}, "model", "missing_required_parameter"),
    ({"model": 1}, "model", "invalid_type"),
    ({"input": None}, "input", "missing_required_parameter"),
    ({"input": 1}, "input", "invalid_type"),
    ({"input": []}, "input", "invalid_value"),
    ({"input": [ITEM] * 10_001}, "input", "invalid_value"),
    ({"input": ["x"]}, "input[0]", "invalid_type"),
    ({"input": [{"content": "x"}]}, "input[0].type", "missing_required_parameter"),
    ({"input": [{"type": "web_search_call"}]}, "input", "invalid_value"),
    ({"input": [{"type": "telepathy"}]}, "input[0].type", "invalid_value"),
    ({"input": [{"type": 3}]}, "input[0].type", "invalid_type"),
    ({"input": [{"type": "item_reference"}]}, "input[0].type", "unsupported_parameter"),
    ({"input": [{"type": "reasoning"}]}, "input", "invalid_value"),
    ({"input": [{"type": "message"}]}, "input[0].role", "missing_required_parameter"),
    ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role", "invalid_value"),
    ({"input": [ITEM, {"role": "user"}]}, "input[1].content", "missing_required_parameter"),
    ({"input": [{"role": "user", "content": 1}]}, "input[0].content", "invalid_type"),
    ({"input": user()}, "input[0].content", "invalid_value"),
    ({"input": user("x")}, "input[0].content[0]", "invalid_type"),
    ({"input": user({})}, "input[0].content[0].type", "missing_required_parameter"),
    ({"input": user({"type": "video"})}, "input[0].content[0].type", "invalid_value"),
    (
        {"input": user({"type": "input_text"})},
        "input[0].content[0].text",
        "missing_required_parameter",
    ),
    ({"input": user({"type": "refusal"})}, "input[0].content[0].type", "invalid_value"),
    (
        {"input": user({"type": "input_image"})},
        "input[0].content[0].image_url",
        "missing_required_parameter",
    ),
    (
        {"input": user({"type": "input_image", "image_url": "file:///etc/passwd"})},
        "input[0].content[0].image_url",
        "invalid_value",
    ),
    (
        {"input": user({"type": "input_image", "file_id": "f"})},
        "input[0].content[0].file_id",
        "unsupported_parameter",
    ),
    (
        {"input": user({"type": "input_file", "file_url": URL})},
        "input[0].content[0].file_url",
        "unsupported_parameter",
    ),
    (
        {"input": user({"type": "input_file"})},
        "input[0].content[0].file_data",
        "missing_required_parameter",
    ),
    (
        {"input": user({"type": "input_audio"})},
        "input[0].content[0].input_audio",
        "missing_required_parameter",
    ),
    (
        {"input": [{"role": "system", "content": [{"type": "input_image", "image_url": URL}]}]},
        "input[0].content[0].type",
        "invalid_value",
    ),
    ({"input": [{**CALL, "call_id": None}]}, "input[0].call_id", "missing_required_parameter"),
    ({"input": [{**CALL, "name": "a b"}]}, "input[0].name", "invalid_value"),
    ({"input": [{**CALL, "arguments": {}}]}, "input[0].arguments", "invalid_type"),
    ({"input": [CALL] * 129}, "input[128]", "invalid_value"),
    ({"input": [{**OUTPUT, "output": None}]}, "input[0].output", "missing_required_parameter"),
    (
        {"input": [{**OUTPUT, "output": [{"type": "input_image", "file_id": "f"}]}]},
        "input[0].output[0].file_id",
        "unsupported_parameter",
    ),
    ({"instructions": []}, "instructions", "invalid_type"),
    ({"tools": {}}, "tools", "invalid_type"),
    ({"tools": [{}]}, "tools[0].type", "missing_required_parameter"),
    ({"tools": [{"type": "Web Search"}]}, "tools[0].type", "invalid_value"),
    ({"tools": [{"type": "custom"}]}, "tools[0].name", "missing_required_parameter"),
    (
        {"tools": [{"type": "namespace", "name": "n"}]},
        "tools[0].tools",
        "missing_required_parameter",
    ),
    (
        {"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "mcp"}]}]},
        "tools[0].tools[0].type",
        "invalid_value",
    ),
    (
        {"tools": [{"type": "custom", "name": "c", "format": {"type": "xml"}}]},
        "tools[0].format.type",
        "invalid_value",
    ),
    ({"tools": [{"type": "function"}]}, "tools[0].name", "missing_required_parameter"),
    ({"tools": [{**TOOL, "parameters": []}]}, "tools[0].parameters", "invalid_type"),
    ({"tool_choice": "required"}, "tool_choice", "invalid_value"),
    ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.type", "unsupported_parameter"),
    ({"tool_choice": {"name": "f"}}, "tool_choice.type", "missing_required_parameter"),
    (
        {"tools": [TOOL], "tool_choice": {"type": "function", "name": "g"}},
        "tool_choice",
        "invalid_value",
    ),
    ({"text": "plain"}, "text", "invalid_type"),
    ({"text": {"format": {"type": "xml"}}}, "text.format.type", "invalid_value"),
    (
        {"text": {"format": {"type": "json_schema", "name": "n"}}},
        "text.format.schema",
        "missing_required_parameter",
    ),
    ({"text": {"verbosity": "loud"}}, "text.verbosity", "invalid_value"),
    ({"reasoning": {"effort": "huge"}}, "reasoning.effort", "invalid_value"),
    ({"reasoning": {"summary": 1}}, "reasoning.summary", "invalid_type"),
    ({"max_output_tokens": 0}, "max_output_tokens", "invalid_value"),
    ({"temperature": 3}, "temperature", "invalid_value"),
    ({"include": ["everything"]}, "include[0]", "invalid_value"),
    ({"metadata": {"a": 1}}, "metadata.a", "invalid_type"),
    ({"truncation": "never"}, "truncation", "invalid_value"),
    ({"stream": "yes"}, "stream", "invalid_type"),
    ({"stream_options": {}}, "stream_options", "invalid_value"),
    ({"service_tier": "slow"}, "service_tier", "invalid_value"),
    ({"moderation": {"model": "m"}}, "moderation", "unsupported_parameter"),
    ({"background": True}, "background", "unsupported_parameter"),
    ({"previous_response_id": "resp_1"}, "previous_response_id", "unsupported_parameter"),
    ({"conversation": "conv_1"}, "conversation", "unsupported_parameter"),
    ({"prompt": {"id": "p"}}, "prompt", "unsupported_parameter"),
    ({"messages": []}, "messages", "unsupported_parameter"),
    ({"n": 4}, "n", "unsupported_parameter"),
    ({"api_base": "http://x"}, "api_base", "unsupported_parameter"),
    ({"routing": {"speed": 1}}, "routing.speed", "unsupported_parameter"),
]


@pytest.mark.parametrize(("fields", "param", "code"), WRONG)
def test_a_wrong_field_is_refused_by_name(fields: dict[str, object], param: str, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(**fields)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)
