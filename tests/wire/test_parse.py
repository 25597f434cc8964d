"""Chat bodies to ChatRequest: what means what, and what is refused under which name."""

from __future__ import annotations

from codecs import BOM_UTF8

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import RequestError
from router.types import ChatRequest
from router.wire.fields import PASSED_ON
from router.wire.messages import ATTACHED
from router.wire.openai.render import render_error
from router.wire.openai.request import _READ, SAMPLING, parse_chat_request
from tests.kits.examples import examples
from tests.kits.wire_kit import HELLO, parse, refused

TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"model":"auto","messages":[],}',
        b'{"model":"\xff\xfe"}',
        b'{"model":"\\ud800"}',
        b'{"temperature":NaN}',
        b'{"temperature":1e309}',
        b"[" * 5_000 + b"]" * 5_000,
        b'{"a":' * 100_000,
        b"\x00",
    ],
)
def test_body_that_is_not_json_is_refused_as_invalid_json(body: bytes) -> None:
    with pytest.raises(RequestError) as caught:
        parse_chat_request(body, {})
    assert caught.value.code == "invalid_json"


@pytest.mark.parametrize("rest", [b'{"model":"auto","messages":[]}', b"", b"\xff"])
def test_a_byte_order_mark_is_named(rest: bytes) -> None:
    with pytest.raises(RequestError, match="begins with a byte order mark") as caught:
        parse_chat_request(BOM_UTF8 + rest, {})
    assert caught.value.code == "invalid_json"


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true", b"1e3"])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError, match="expected a JSON object") as caught:
        parse_chat_request(body, {})
    assert caught.value.code == "invalid_type"


def test_the_later_of_two_equal_keys_holds() -> None:
    body = b'{"model":"a","model":"b","messages":[{"role":"user","content":"x"}]}'
    assert parse_chat_request(body, {}).requested_model == "b"


WRONG = [
    # fields, param, code
    ({"model": None}, "model", "missing_required_parameter"),
    ({"model": 1}, "model", "invalid_type"),
    ({"model": ""}, "model", "invalid_value"),
    ({"model": "x" * 257}, "model", "invalid_value"),
    ({"messages": None}, "messages", "missing_required_parameter"),
    ({"messages": []}, "messages", "invalid_value"),
    ({"messages": "hi"}, "messages", "invalid_type"),
    ({"messages": HELLO * 10_001}, "messages", "invalid_value"),
    ({"messages": ["hi"]}, "messages[0]", "invalid_type"),
    ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter"),
    ({"messages": [{"role": 1, "content": "x"}]}, "messages[0].role", "invalid_type"),
    ({"messages": [{"role": "boss", "content": "x"}]}, "messages[0].role", "invalid_value"),
    ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
    ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content", "invalid_type"),
    ({"messages": [{"role": "user", "content": []}]}, "messages[0].content", "invalid_value"),
    (
        {"messages": [*HELLO, {"role": "user", "content": [{"type": "text"}]}]},
        "messages[1].content[0].text",
        "missing_required_parameter",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "video", "video": {}}]}]},
        "messages[0].content[0].type",
        "invalid_value",
    ),
    (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}],
                }
            ]
        },
        "messages[0].content[0].image_url.url",
        "invalid_value",
    ),
    (
        {"messages": [{"role": "system", "content": [IMAGE]}]},
        "messages[0].content[0].type",
        "invalid_value",
    ),
    (
        {"messages": [{"role": "tool", "content": "4"}]},
        "messages[0].tool_call_id",
        "missing_required_parameter",
    ),
    (
        {"messages": [{"role": "function", "content": "4"}]},
        "messages[0].name",
        "missing_required_parameter",
    ),
    (
        {"messages": [{"role": "assistant", "content": None}]},
        "messages[0].content",
        "missing_required_parameter",
    ),
    (
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "c", "function": {}}]}]},
        "messages[0].tool_calls[0].function.arguments",
        "missing_required_parameter",
    ),
    (
        {"messages": [{"role": "assistant", "function_call": {"name": "f"}}]},
        "messages[0].function_call",
        "unsupported_parameter",
    ),
    ({"temperature": "hot"}, "temperature", "invalid_type"),
    ({"temperature": True}, "temperature", "invalid_type"),
    ({"temperature": 2.01}, "temperature", "invalid_value"),
    ({"temperature": -0.01}, "temperature", "invalid_value"),
    ({"top_p": 1.01}, "top_p", "invalid_value"),
    ({"n": 0}, "n", "invalid_value"),
    ({"n": 9}, "n", "invalid_value"),
    ({"n": 1.5}, "n", "invalid_type"),
    ({"n": True}, "n", "invalid_type"),
    ({"seed": 1.5}, "seed", "invalid_type"),
    ({"max_tokens": 0}, "max_tokens", "invalid_value"),
    ({"max_completion_tokens": "9"}, "max_completion_tokens", "invalid_type"),
    ({"stop": ["a"] * 5}, "stop", "invalid_value"),
    ({"stop": [""]}, "stop", "invalid_value"),
    ({"stop": ["a", 1]}, "stop[1]", "invalid_type"),
    ({"stop": {}}, "stop", "invalid_type"),
    ({"frequency_penalty": 2.1}, "frequency_penalty", "invalid_value"),
    ({"presence_penalty": -2.1}, "presence_penalty", "invalid_value"),
    ({"logprobs": 1}, "logprobs", "invalid_type"),
    ({"logprobs": True, "top_logprobs": 21}, "top_logprobs", "invalid_value"),
    ({"top_logprobs": 2}, "top_logprobs", "invalid_value"),
    ({"reasoning_effort": "heroic"}, "reasoning_effort", "invalid_value"),
    ({"stream": "yes"}, "stream", "invalid_type"),
    ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
    (
        {"stream": True, "stream_options": {"include_cost": True}},
        "stream_options.include_cost",
        "unsupported_parameter",
    ),
    ({"tools": {}}, "tools", "invalid_type"),
    ({"tools": [TOOL] * 129}, "tools", "invalid_value"),
    ({"tools": [{"type": "custom"}]}, "tools[0].type", "invalid_value"),
    (
        {"tools": [{"type": "function", "function": {"name": "a b"}}]},
        "tools[0].function.name",
        "invalid_value",
    ),
    ({"tool_choice": "required"}, "tool_choice", "invalid_value"),
    ({"tools": [TOOL], "tool_choice": "always"}, "tool_choice", "invalid_value"),
    (
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "other"}}},
        "tool_choice",
        "invalid_value",
    ),
    ({"response_format": "json"}, "response_format", "invalid_type"),
    ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value"),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}},
        "response_format.json_schema.schema",
        "missing_required_parameter",
    ),
    ({"functions": []}, "functions", "unsupported_parameter"),
    ({"function_call": "auto"}, "function_call", "unsupported_parameter"),
    ({"audio": {"voice": "x"}}, "audio", "unsupported_parameter"),
    ({"modalities": ["text", "audio"]}, "modalities[1]", "unsupported_parameter"),
    ({"web_search_options": {}}, "web_search_options", "unsupported_parameter"),
    ({"moderation": {"model": "m"}}, "moderation", "unsupported_parameter"),
    ({"service_tier": "slow"}, "service_tier", "invalid_value"),
    ({"logit_bias": {"50256": 101}}, "logit_bias.50256", "invalid_value"),
    ({"logit_bias": {"the": 1}}, "logit_bias", "invalid_value"),
    ({"metadata": {"a": 1}}, "metadata.a", "invalid_type"),
    ({"metadata": {str(i): "x" for i in range(17)}}, "metadata", "invalid_value"),
    ({"user": 5}, "user", "invalid_type"),
    ({"verbosity": "chatty"}, "verbosity", "invalid_value"),
    ({"prediction": {"type": "content"}}, "prediction.content", "invalid_type"),
    ({"api_base": "http://evil"}, "api_base", "unsupported_parameter"),
    ({"base_url": "http://evil"}, "base_url", "unsupported_parameter"),
    ({"API-Key": "k"}, "API-Key", "unsupported_parameter"),
    ({"extra_headers": {}}, "extra_headers", "unsupported_parameter"),
    ({"headers": {}}, "headers", "unsupported_parameter"),
    ({"routing": "auto"}, "routing", "invalid_type"),
    ({"routing": {"tier": 3}}, "routing.tier", "unsupported_parameter"),
    ({"routing": {"min_tier": 0}}, "routing.min_tier", "invalid_value"),
    ({"routing": {"min_tier": "high"}}, "routing.min_tier", "invalid_type"),
    ({"routing": {"stakes_usd": -1}}, "routing.stakes_usd", "invalid_value"),
    ({"routing": {"stakes_usd": float(2**70)}}, "routing.stakes_usd", "invalid_value"),
    ({"routing": {"confidence_floor": 1.1}}, "routing.confidence_floor", "invalid_value"),
    ({"routing": {"deadline_ms": 0}}, "routing.deadline_ms", "invalid_value"),
    ({"routing": {"context": {"order": []}}}, "routing.context.order", "invalid_type"),
    ({"routing": {"tags": ["a"] * 17}}, "routing.tags", "invalid_value"),
    ({"routing": {"tags": ["a", ""]}}, "routing.tags[1]", "invalid_value"),
    ({"routing": {"dry_run": "yes"}}, "routing.dry_run", "invalid_type"),
]


@pytest.mark.parametrize(("fields", "param", "code"), WRONG)
def test_wrong_field_is_refused_by_its_name(
    fields: dict[str, object], param: str, code: str
) -> None:
    error = refused(**fields)
    assert (error.param, error.code) == (param, code)
    assert len(error.message) < 400


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({"temperature": 0}, {"temperature": 0.0}),
        ({"temperature": 2}, {"temperature": 2.0}),
        ({"n": 8}, {"n": 8}),
        ({"seed": -(2**63)}, {"seed": -(2**63)}),
        ({"stop": "END"}, {"stop": ("END",)}),
        ({"stop": ["a", "b", "c", "d"]}, {"stop": ("a", "b", "c", "d")}),
        ({"logprobs": True, "top_logprobs": 20}, {"logprobs": True, "top_logprobs": 20}),
        ({"max_tokens": 5}, {"max_output_tokens": 5}),
        ({"max_tokens": 5, "max_completion_tokens": 9}, {"max_output_tokens": 5}),
        ({"reasoning_effort": "high"}, {"reasoning_effort": "high"}),
    ],
)
def test_sampling_key_means_what_it_says(
    fields: dict[str, object], read: dict[str, object]
) -> None:
    sampling = parse(**fields).sampling
    assert {key: getattr(sampling, key) for key in read} == read


def test_ten_thousand_messages_are_the_most_that_are_read() -> None:
    assert len(parse(messages=HELLO * 10_000).messages) == 10_000


def test_null_means_not_sent() -> None:
    assert parse(temperature=None, tools=None, routing=None, api_base=None) == parse()


def test_text_parts_are_joined_while_all_parts_are_kept_unchanged() -> None:
    content = [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}, IMAGE]
    message = parse(messages=[{"role": "user", "content": [*content, content[0]]}]).messages[0]
    assert message.text == "a\na"
    assert [part.kind for part in message.parts] == ["text", "image_url", "text"]
    assert [orjson.loads(part.payload) for part in message.parts] == [*content, content[0]]


def test_a_cache_point_of_an_hour_becomes_one_of_five_minutes() -> None:
    part = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    request = parse(messages=[{"role": "user", "content": [part]}])
    assert orjson.loads(request.messages[0].parts[0].payload)["cache_control"] == {
        "type": "ephemeral"
    }
    assert request.dropped == ("messages[].content[].cache_control.ttl",)


def test_tool_conversation_is_read() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    request = parse(
        messages=[
            *HELLO,
            {"role": "assistant", "content": None, "tool_calls": [call], "annotations": []},
            {"role": "tool", "tool_call_id": "c1", "content": "4"},
        ],
        tools=[TOOL],
        tool_choice={"type": "function", "function": {"name": "look_up"}},
    )
    assert request.messages[1].tool_calls[0].name == "f"
    assert request.messages[2].tool_call_id == "c1"
    assert request.in_tool_loop
    assert request.tools[0].name == "look_up"


def test_pictures_of_tools_follow_all_results_in_a_row_as_a_users() -> None:
    calls = [
        {"id": name, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for name in ("c1", "c2", "c3")
    ]
    request = parse(
        messages=[
            *HELLO,
            {"role": "assistant", "content": None, "tool_calls": calls},
            {"role": "tool", "tool_call_id": "c1", "content": [IMAGE]},
            {"role": "tool", "tool_call_id": "c2", "content": "4"},
            {
                "role": "tool",
                "tool_call_id": "c3",
                "content": [IMAGE, {"type": "text", "text": "5"}],
            },
            {"role": "assistant", "content": "Seen."},
        ],
    )
    assert [(m.role, m.text, [p.kind for p in m.parts]) for m in request.messages[2:]] == [
        ("tool", ATTACHED, []),
        ("tool", "4", []),
        ("tool", "5", ["text"]),
        ("user", "", ["image_url"]),
        ("user", "", ["image_url"]),
        ("assistant", "Seen.", []),
    ]


def test_a_tools_last_word_is_a_picture() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    request = parse(
        messages=[
            *HELLO,
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": [IMAGE]},
        ],
    )
    assert [message.role for message in request.messages] == ["user", "assistant", "tool", "user"]
    assert request.in_tool_loop


@pytest.mark.parametrize("texts", [[""], [" ", ""], ["4", ""]])
def test_an_empty_text_beside_a_tools_picture_is_no_part(texts: list[str]) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    content = [*[{"type": "text", "text": words} for words in texts], IMAGE]
    turn = {"role": "assistant", "content": None, "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "c1", "content": content}
    told = parse(messages=[*HELLO, turn, result]).messages[2]
    assert (told.text.strip(), len(told.parts)) == (("4", 1) if "4" in texts else (ATTACHED, 0))


@pytest.mark.parametrize("role", ["system", "developer"])
def test_instructions_hold_no_picture(role: str) -> None:
    with pytest.raises(RequestError, match="only text in a") as caught:
        parse(messages=[{"role": role, "content": [IMAGE]}, *HELLO])
    assert caught.value.param == "messages[0].content[0].type"


def test_deeply_nested_tool_schema_is_refused_by_name() -> None:
    deep = b'{"a":' * 400 + b"1" + b"}" * 400
    tool = orjson.dumps(TOOL).replace(b'{"type":"object"}', deep)
    body = orjson.dumps({"model": "a", "messages": HELLO})[:-1] + b',"tools":[' + tool + b"]}"
    with pytest.raises(RequestError, match="nesting") as caught:
        parse_chat_request(body, {})
    assert caught.value.param == "tools[0].function.parameters"


def test_unknown_keys_are_kept_as_json_text() -> None:
    request = parse(top_k=40, user="u1", min_p=0.1, chat_template_kwargs={"a": [1, None]})
    assert request.extra == {
        "top_k": "40",
        "user": '"u1"',
        "min_p": "0.1",
        "chat_template_kwargs": '{"a":[1,null]}',
    }


def test_json_schema_is_read_whole() -> None:
    wanted = {"name": "a", "schema": {"type": "object"}, "strict": True, "description": "d"}
    found = parse(response_format={"type": "json_schema", "json_schema": wanted}).response_format
    assert (found.kind, found.name, found.strict) == ("json_schema", "a", True)
    assert found.schema == '{"description":"d","type":"object"}'


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner)
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(sorted({*_READ, *SAMPLING, *PASSED_ON, "extra"}))
MESSAGE = st.dictionaries(
    st.sampled_from(["role", "content", "tool_calls", "tool_call_id", "name", "refusal"]),
    JSON | st.sampled_from(["user", "assistant", "tool"]),
)
PART = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image_url", "file", "input_audio", "refusal"]) | JSON},
    optional={"text": JSON, "image_url": JSON, "file": JSON, "input_audio": JSON, "refusal": JSON},
)


@examples(300)
@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        parse_chat_request(body, {})


@examples(150)
@given(
    st.dictionaries(KEYS, JSON, max_size=5),
    st.lists(MESSAGE, max_size=3),
    st.lists(PART, max_size=3),
    st.sampled_from(["min-tier", "stakes-usd", "tags", "debug", "session"]),
    st.text(max_size=20),
)
def test_any_json_is_parsed_or_refused(
    fields: dict[str, object],
    messages: list[object],
    parts: list[object],
    header: str,
    value: str,
) -> None:
    whole = {
        "model": "auto",
        "messages": [*messages, {"role": "user", "content": parts or "hello"}],
        **fields,
    }
    headers = {f"x-tiergate-{header}": value, "x-client-request-id": value}
    try:
        outcome = parse_chat_request(orjson.dumps(whole), headers)
    except RequestError as error:
        outcome = error
    assert isinstance(outcome, ChatRequest) or orjson.loads(render_error(outcome))["error"]["code"]
