"""Bodies of Anthropic's messages to ChatRequest: what means what, what is refused by which name."""

from __future__ import annotations

import orjson
import pytest

from router import errors
from router.errors import RequestError
from router.types import Answer, ChatRequest, Choice, ToolCall, Usage
from router.wire.anthropic.render import render_error, render_message
from router.wire.anthropic.request import MessagesFormat
from router.wire.openai.request import parse_chat_request

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
TOOL = {"name": "f", "description": "d", "input_schema": SCHEMA}
CHAT_TOOL = {
    "type": "function",
    "function": {"name": "f", "description": "d", "parameters": SCHEMA},
}
USE = {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "done"}
CHAT_CALL = {"id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
PNG = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
HI = {"role": "user", "content": "hi"}


def read(**fields: object) -> ChatRequest:
    body = {"model": "auto", "max_tokens": 9, "messages": [HI], **fields}
    return MessagesFormat().read(orjson.dumps(body), {}).requests[0]


def turn(*content: object, role: str = "user") -> dict[str, object]:
    return {"role": role, "content": list(content)}


SAME = [
    # a message's fields, the chat completion's that mean the same
    ({}, {}),
    (
        {"system": "Be brief."},
        {"messages": [{"role": "system", "content": "Be brief."}, HI]},
    ),
    (
        {
            "system": [
                {"type": "text", "text": "One.", "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "Two."},
            ]
        },
        {"messages": [{"role": "system", "content": "One.\nTwo."}, HI]},
    ),
    ({"system": ""}, {}),
    ({"messages": [turn({"type": "text", "text": "hi"})]}, {}),
    (
        {"messages": [turn({"type": "text", "text": "hi"}, {"type": "image", "source": PNG})]},
        {
            "messages": [
                turn(
                    {"type": "text", "text": "hi"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                )
            ]
        },
    ),
    (
        {
            "messages": [
                turn({"type": "image", "source": {"type": "url", "url": "https://a.example/b"}})
            ]
        },
        {"messages": [turn({"type": "image_url", "image_url": {"url": "https://a.example/b"}})]},
    ),
    (
        {
            "messages": [
                turn(
                    {
                        "type": "document",
                        "source": {"type": "text", "media_type": "text/plain", "data": "Words."},
                        "title": "T",
                    },
                    {"type": "text", "text": "hi"},
                )
            ]
        },
        {"messages": [{"role": "user", "content": "T\nWords.\nhi"}]},
    ),
    (
        {
            "messages": [
                turn(
                    {
                        "type": "document",
                        "source": {
                            "type": "base64",
                            "media_type": "application/pdf",
                            "data": "AAAA",
                        },
                    }
                )
            ]
        },
        {
            "messages": [
                turn(
                    {
                        "type": "file",
                        "file": {
                            "file_data": "data:application/pdf;base64,AAAA",
                            "filename": "document.pdf",
                        },
                    }
                )
            ]
        },
    ),
    (
        {
            "messages": [
                HI,
                turn(
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "text", "text": "Wait."},
                    USE,
                    {**USE, "id": "t2"},
                    role="assistant",
                ),
                turn(
                    RESULT,
                    {
                        "type": "tool_result",
                        "tool_use_id": "t2",
                        "is_error": True,
                        "content": [{"type": "text", "text": "no"}],
                    },
                    {"type": "text", "text": "Go on."},
                ),
            ]
        },
        {
            "messages": [
                HI,
                {
                    "role": "assistant",
                    "content": "Wait.",
                    "tool_calls": [CHAT_CALL, {**CHAT_CALL, "id": "t2"}],
                },
                {"role": "tool", "tool_call_id": "t1", "content": "done"},
                {"role": "tool", "tool_call_id": "t2", "content": "The tool failed:\nno"},
                {"role": "user", "content": "Go on."},
            ]
        },
    ),
    ({"tools": [TOOL]}, {"tools": [CHAT_TOOL]}),
    (
        {"tools": [TOOL], "tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
        {"tools": [CHAT_TOOL], "tool_choice": "required", "parallel_tool_calls": False},
    ),
    (
        {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "f"}},
        {
            "tools": [CHAT_TOOL],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
        },
    ),
    (
        {"stop_sequences": ["a", "b"], "temperature": 1, "top_p": 0.5, "top_k": 3},
        {"stop": ["a", "b"], "temperature": 1, "top_p": 0.5, "top_k": 3},
    ),
    (
        {"output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}}},
        {
            "reasoning_effort": "low",
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": SCHEMA},
            },
        },
    ),
    (
        {"metadata": {"user_id": "u"}, "routing": {"stakes_usd": 5}},
        {"user": "u", "routing": {"stakes_usd": 5}},
    ),
    # what says nothing to a model of somebody else's
    (
        {
            "thinking": {"type": "enabled", "budget_tokens": 2048},
            "service_tier": "auto",
            "cache_control": {"type": "ephemeral"},
            "context_management": {"edits": []},
        },
        {},
    ),
]


@pytest.mark.parametrize(("fields", "chat"), SAME)
def test_a_message_is_asked_for_as_the_same_chat_completion(
    fields: dict[str, object], chat: dict[str, object]
) -> None:
    reading = read(**fields)
    body = {"model": "auto", "max_completion_tokens": 9, "messages": [HI], **chat}
    same = parse_chat_request(orjson.dumps(body), {})
    for name in ChatRequest.__struct_fields__:
        if name not in ("endpoint", "include_usage", "original", "cap_key"):
            assert getattr(reading, name) == getattr(same, name), name


def test_a_tool_has_a_name_of_128_characters_at_most() -> None:
    tool = {"name": "n" * 128, "input_schema": {"type": "object"}}
    assert read(tools=[tool]).tools[0].own_name == "n" * 128
    with pytest.raises(RequestError, match="1 to 128 letters"):
        read(tools=[{**tool, "name": "n" * 129}])


def test_hosted_tools_are_left_out_and_named() -> None:
    hosted = [{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}]
    reading = read(tools=[TOOL, *hosted, *hosted])
    assert [tool.name for tool in reading.tools] == [TOOL["name"]]
    assert reading.unsupported_tools == ("web_search_20250305",)


def test_calls_that_a_provider_made_itself_are_left_out_of_a_history() -> None:
    search = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}}
    found_there = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}
    words = {"type": "text", "text": "It rains."}
    reading = read(messages=[HI, turn(search, found_there, words, role="assistant"), HI])
    assert [message.text for message in reading.messages][1] == "It rains."
    assert not any(message.tool_calls for message in reading.messages)


def test_what_a_tool_shows_comes_as_a_users_picture() -> None:
    picture = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    shown = [{"type": "image", "source": picture}]
    loaded = [{"type": "tool_reference", "tool_name": "g"}]
    results = [
        {"type": "tool_result", "tool_use_id": "t1", "content": shown},
        {"type": "tool_result", "tool_use_id": "t2", "content": loaded},
    ]
    calls = turn(USE, {**USE, "id": "t2"}, role="assistant")
    reading = read(messages=[HI, calls, turn(*results, {"type": "text", "text": "Go on."})])
    *_, first, second, seen, asked = reading.messages
    assert (first.role, first.tool_call_id, "follows" in first.text) == ("tool", "t1", True)
    assert (second.tool_call_id, second.text) == ("t2", "g can be called from now on.")
    assert (seen.role, [part.kind for part in seen.parts]) == ("user", ["image_url"])
    assert (asked.role, asked.text) == ("user", "Go on.")
    assert reading.in_tool_loop


AT = "messages[0].content[0]"
WRONG = [
    # fields, param, code
    ({"model": None}, "model", "missing_required_parameter"),
    ({"messages": None}, "messages", "missing_required_parameter"),
    ({"max_tokens": None}, "max_tokens", "missing_required_parameter"),
    ({"max_tokens": 0}, "max_tokens", "invalid_value"),
    ({"max_tokens": "9"}, "max_tokens", "invalid_type"),
    ({"messages": []}, "messages", "invalid_value"),
    ({"messages": "hi"}, "messages", "invalid_type"),
    ({"messages": [HI] * 10_001}, "messages", "invalid_value"),
    ({"messages": ["hi"]}, "messages[0]", "invalid_type"),
    ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role", "invalid_value"),
    ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
    ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content", "invalid_type"),
    ({"messages": [turn()]}, "messages[0].content", "invalid_value"),
    ({"messages": [turn("x")]}, AT, "invalid_type"),
    ({"messages": [turn({})]}, f"{AT}.type", "missing_required_parameter"),
    ({"messages": [turn({"type": ["text"]})]}, f"{AT}.type", "invalid_type"),
    ({"messages": [turn({"type": "video"})]}, f"{AT}.type", "invalid_value"),
    ({"messages": [turn({"type": "server_tool_use"})]}, f"{AT}.type", "invalid_value"),
    ({"messages": [turn({"type": "text"})]}, f"{AT}.text", "missing_required_parameter"),
    ({"messages": [turn({"type": "text", "text": 1})]}, f"{AT}.text", "invalid_type"),
    ({"messages": [turn(USE)]}, f"{AT}.type", "invalid_value"),
    ({"messages": [turn({"type": "image"})]}, f"{AT}.source", "missing_required_parameter"),
    (
        {"messages": [turn({"type": "image", "source": {}})]},
        f"{AT}.source.type",
        "missing_required_parameter",
    ),
    (
        {"messages": [turn({"type": "image", "source": {"type": "file", "file_id": "f"}})]},
        f"{AT}.source.type",
        "unsupported_parameter",
    ),
    (
        {"messages": [turn({"type": "image", "source": {"type": "url", "url": "file:///x"}})]},
        f"{AT}.source.url",
        "invalid_value",
    ),
    (
        {"messages": [turn({"type": "image", "source": {**PNG, "media_type": "text/html"}})]},
        f"{AT}.source.media_type",
        "invalid_value",
    ),
    (
        {"messages": [turn({"type": "document", "source": {"type": "url", "url": "x"}})]},
        f"{AT}.source.type",
        "unsupported_parameter",
    ),
    (
        {"messages": [turn({"type": "document", "citations": {"enabled": True}})]},
        f"{AT}.citations",
        "unsupported_parameter",
    ),
    (
        {"messages": [turn({"type": "tool_result", "content": "x"})]},
        f"{AT}.tool_use_id",
        "missing_required_parameter",
    ),
    (
        {"messages": [turn({**RESULT, "content": [{"type": "tool_use", "source": PNG}]})]},
        f"{AT}.content[0].type",
        "invalid_value",
    ),
    ({"messages": [turn({**RESULT, "is_error": "no"})]}, f"{AT}.is_error", "invalid_type"),
    (
        {"messages": [turn({**USE, "input": "x"}, role="assistant"), HI]},
        f"{AT}.input",
        "invalid_type",
    ),
    (
        {"messages": [turn({**USE, "name": ""}, role="assistant"), HI]},
        f"{AT}.name",
        "invalid_value",
    ),
    (
        {"messages": [HI, {"role": "assistant", "content": "The answer is ("}]},
        "messages[1]",
        "unsupported_parameter",
    ),
    ({"system": 1}, "system", "invalid_type"),
    ({"system": [{"type": "image"}]}, "system[0].type", "invalid_value"),
    ({"tools": [{"name": "f"}]}, "tools[0].input_schema", "missing_required_parameter"),
    ({"tools": [{"type": 1}]}, "tools[0].type", "invalid_type"),
    ({"tools": [TOOL] * 1001}, "tools", "invalid_value"),
    ({"tool_choice": {}}, "tool_choice.type", "missing_required_parameter"),
    ({"tool_choice": {"type": "any"}}, "tool_choice", "invalid_value"),
    ({"tool_choice": "auto"}, "tool_choice", "invalid_type"),
    (
        {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "g"}},
        "tool_choice",
        "invalid_value",
    ),
    ({"stop_sequences": "x"}, "stop_sequences", "invalid_type"),
    ({"stop_sequences": ["a"] * 5}, "stop_sequences", "invalid_value"),
    ({"temperature": 1.5}, "temperature", "invalid_value"),
    ({"thinking": {"type": "deep"}}, "thinking.type", "invalid_value"),
    (
        {"thinking": {"type": "enabled", "budget_tokens": "all"}},
        "thinking.budget_tokens",
        "invalid_type",
    ),
    ({"metadata": {"user_id": 7}}, "metadata.user_id", "invalid_type"),
    ({"output_config": {"format": {}}}, "output_config.format.type", "missing_required_parameter"),
    ({"mcp_servers": [{"name": "s"}]}, "mcp_servers", "unsupported_parameter"),
    ({"mcp_servers": {}}, "mcp_servers", "invalid_type"),
    ({"speed": "fast"}, "speed", "unsupported_parameter"),
    ({"speed": "slow"}, "speed", "invalid_value"),
    ({"thread": {"type": "continue"}}, "thread", "thread_unsupported_request"),
    ({"container": "c"}, "container", "unsupported_parameter"),
    ({"n": 2}, "n", "unsupported_parameter"),
    ({"stop": "x"}, "stop", "unsupported_parameter"),
    ({"base_url": "http://x"}, "base_url", "unsupported_parameter"),
]


@pytest.mark.parametrize(("fields", "param", "code"), WRONG)
def test_a_wrong_field_is_refused_by_name(fields: dict[str, object], param: str, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(**fields)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)
    assert param in caught.value.message


def test_no_servers_and_the_usual_speed_are_what_there_is() -> None:
    read(mcp_servers=[], speed="standard")


def test_a_body_whose_tokens_are_counted_needs_no_cap() -> None:
    body = orjson.dumps({"model": "auto", "messages": [HI]})
    found = MessagesFormat(capped=False).read(body, {}).requests[0]
    assert found.sampling.max_output_tokens is None


def test_cached_tokens_are_no_part_of_input_tokens() -> None:
    answer = Answer((Choice("x", "stop"),), "m", Usage(12, 3, 2, 7, 4, True))
    usage = orjson.loads(render_message(answer, id="1", shows_thinking=False))["usage"]
    assert usage == {
        "input_tokens": 7,
        "cache_creation_input_tokens": 2,
        "cache_read_input_tokens": 3,
        "output_tokens": 7,
        "output_tokens_details": {"thinking_tokens": 4},
    }


@pytest.mark.parametrize("arguments", ["{nonsense", "[1]", '{"a":' * 300 + "1" + "}" * 300])
def test_arguments_that_are_no_object_are_shown_as_they_are(arguments: str) -> None:
    answer = Answer((Choice("", "tool_calls", (ToolCall("c", "f", arguments),)),), "m", Usage())
    (block,) = orjson.loads(render_message(answer, id="1", shows_thinking=False))["content"]
    assert block["input"] == {"arguments": arguments}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.RequestError("x"), "invalid_request_error"),
        (errors.AuthenticationFailed("x"), "authentication_error"),
        (errors.PermissionDenied("x"), "permission_error"),
        (errors.ModelNotFound("x"), "not_found_error"),
        (errors.BodyTooLarge("x"), "request_too_large"),
        (errors.BudgetExceeded("x"), "rate_limit_error"),
        (errors.UpstreamRateLimited("x"), "rate_limit_error"),
        (errors.UpstreamRateLimited("x", code=errors.QUOTA_EXHAUSTED), "billing_error"),
        (errors.Overloaded("x"), "overloaded_error"),
        (errors.UpstreamOverloaded("x"), "overloaded_error"),
        (errors.AnswererNotReady("x"), "overloaded_error"),
        (errors.AnswererNotReady("x", key_refused=True), "api_error"),
        (errors.DeadlineExceeded("x"), "timeout_error"),
        (errors.UpstreamInvalid("x"), "api_error"),
        (errors.TiergateError("x"), "api_error"),
    ],
)
def test_errors_have_the_type_that_anthropic_gives_them(
    error: errors.TiergateError, kind: str
) -> None:
    # A 502 has a step behind what it says.
    step = ". Try again in a moment; if it fails again, tell who runs this gateway."
    message = f"x{step}" if isinstance(error, errors.UpstreamInvalid) else "x"
    assert orjson.loads(render_error(error, "1")) == {
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": "req_1",
    }


def test_text_blocks_have_no_key_without_a_value() -> None:
    """The Vercel AI SDK takes `citations` as a list, or not at all."""
    answer = Answer((Choice("Hello", "stop"),), "m", Usage(1, output_tokens=1))
    (block,) = orjson.loads(render_message(answer, id="1", shows_thinking=False))["content"]
    assert block == {"type": "text", "text": "Hello"}
