"""What requests of other formats become at an upstream of Anthropic's wire, which is strict.

A real server before a real upstream that refuses what Anthropic refuses.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from anthropic.lib._parse._transform import transform_schema

from router.types import ChatRequest, JsonText, Message, ToolSpec
from router.wire.anthropic.own_words import GO_ON
from router.wire.anthropic.parts import block_of
from router.wire.anthropic.schemas import taken_schema, with_type
from router.wire.anthropic.upstream import JSON_WORDS, messages_body
from tests.kits.server_kit import Served, Upstream, write_ladder
from tests.kits.upstreams.upstream_wire import TEXT

ABLE = ["tools", "json_schema", "images", "files"]
HI = {"role": "user", "content": "Rate it."}
BASH = {"type": "bash_20250124", "name": "bash"}
TOOL = {"name": "f", "description": "d", "input_schema": {"type": "object"}}
CALLED = {"type": "tool_use", "id": "c1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "c1", "content": "Done."}
LOOP = [
    {"role": "user", "content": "Correct the greeting."},
    {"role": "assistant", "content": [CALLED]},
    {"role": "user", "content": [RESULT]},
]


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        claude = {"wire": "anthropic", "capabilities": ABLE}

        def rung(model: str, level: int, **more: object) -> dict[str, object]:
            price = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"}
            named = {"name": f"{model}-{level}", "kind": "upstream", "model": model}
            answerer = {**named, "base_urls": [upstream.url], "retries": 0, "price": price, **more}
            return {"name": f"tier-{level}", "level": level, "answerers": [answerer]}

        other = rung("echo", 3, wire="openai", capabilities=ABLE)
        refused = [rung("refusal", 2), rung("declines", 2, **claude)]
        both = [answerer for tier in refused for answerer in tier["answerers"]]
        climbing = [{"name": "tier-2", "level": 2, "answerers": both}]
        policies = [
            write_ladder(folder, "echo", upstream.url, "echo", **claude),
            write_ladder(folder, "ends", upstream.url, "ends", "answer", **claude),
            write_ladder(folder, "bash", upstream.url, "bash", **claude),
            write_ladder(folder, "other", upstream.url, "echo", capabilities=ABLE),
            write_ladder(
                folder,
                "both",
                upstream.url,
                "echo",
                sections={"tiers": [rung("echo", 2, **claude), other]},
            ),
            write_ladder(folder, "declined", upstream.url, "echo", sections={"tiers": climbing}),
            write_ladder(
                folder,
                "refusing",
                upstream.url,
                "echo",
                sections={"unsupported_tools": "refuse"},
            ),
        ]
        with Served(folder, *policies) as server:
            yield server


def sent(response: httpx.Response) -> dict[str, object]:
    assert response.status_code == 200, response.text
    answer = response.json()
    said = answer["content"][0]["text"] if "content" in answer else None
    return dict(json.loads(said or answer["choices"][0]["message"]["content"])["body"])


def message(served: Served, model: str, **fields: object) -> httpx.Response:
    body = {"model": model, "max_tokens": 100, "messages": [HI], **fields}
    return served.post("/v1/messages", body)


def with_file(served: Served, model: str, **file: str) -> httpx.Response:
    part = {"type": "file", "file": file}
    asked = {"role": "user", "content": [{"type": "text", "text": "Sum it up."}, part]}
    return served.chat(model, messages=[asked])


@pytest.mark.process
@pytest.mark.parametrize("stream", [False, True])
def test_a_turn_that_ends_without_a_word_after_a_tool_is_an_answer(
    served: Served, stream: bool
) -> None:
    response = message(served, "auto:ends", messages=LOOP, tools=[TOOL], stream=stream)
    assert response.status_code == 200, response.text
    if stream:
        assert '"stop_reason":"end_turn"' in response.text
        assert "event: error" not in response.text
    else:
        assert (response.json()["content"], response.json()["stop_reason"]) == ([], "end_turn")
        assert response.headers["x-tiergate-verdict"] == "accepted"
    attempts = served.finished_row(response)["attempts"]
    assert "rung-1" not in [attempt["answerer"] for attempt in attempts]


@pytest.mark.process
def test_a_question_that_gets_no_word_is_asked_elsewhere(served: Served) -> None:
    assert message(served, "auto:ends").json()["content"][0]["text"] == TEXT


@pytest.mark.process
def test_a_refusal_in_words_goes_out_after_one_without_any(served: Served) -> None:
    response = served.chat("auto:declined")
    assert response.json()["choices"][0]["message"]["refusal"] == "I can't."
    asked = [attempt["answerer"] for attempt in served.finished_row(response)["attempts"]]
    assert "declines-2" in asked


@pytest.mark.process
def test_a_file_by_its_id_is_never_lost_without_a_word(served: Served) -> None:
    refused = with_file(served, "auto:echo", file_id="file-abc123")
    assert refused.status_code == 400
    assert "send `file_data`" in refused.json()["error"]["message"]
    asked = [{"type": "input_file", "file_id": "file-abc123"}]
    body = {"model": "auto:echo", "input": [{"role": "user", "content": asked}]}
    assert served.post("/v1/responses", body).status_code == 400
    kept = sent(with_file(served, "auto:both", file_id="file-abc123"))
    assert kept["messages"][0]["content"][1]["file"] == {"file_id": "file-abc123"}


@pytest.mark.process
def test_files_are_sent_as_anthropic_takes_them(served: Served) -> None:
    words, pdf = base64_of("a,b\n1,é"), base64_of("%PDF-1.4 x")
    plain = {"type": "text", "media_type": "text/plain", "data": "a,b\n1,é"}
    bare = {"type": "base64", "media_type": "application/pdf", "data": pdf}
    for file, block in [
        (
            {"filename": "a.csv", "file_data": f"data:text/csv;base64,{words}"},
            {"type": "document", "source": plain, "title": "a.csv"},
        ),
        (
            {"filename": "a.txt", "file_data": words},
            {"type": "document", "source": plain, "title": "a.txt"},
        ),
        ({"filename": "a.pdf", "file_data": pdf}, {"type": "document", "source": bare}),
    ]:
        body = sent(with_file(served, "auto:echo", **file))
        assert body["messages"][0]["content"][1] == block


@pytest.mark.process
def test_json_without_a_schema_is_asked_for_in_words(served: Served) -> None:
    asked = [{"role": "system", "content": "Be brief."}, HI]
    json_object = {"type": "json_object"}
    body = sent(served.chat("auto:echo", messages=asked, response_format=json_object))
    assert body["system"] == f"Be brief.\n\n{JSON_WORDS}"
    assert "system" not in sent(served.chat("auto:echo"))


@pytest.mark.process
def test_a_schema_is_closed_and_keeps_only_what_anthropic_knows(served: Served) -> None:
    schema = {
        "type": "object",
        "properties": {"body": {"type": "object", "title": "b"}, "headers": {"type": "object"}},
        "required": ["body"],
        "minProperties": 1,
    }
    named = {"name": "answer", "schema": schema}
    body = sent(
        served.chat("auto:echo", response_format={"type": "json_schema", "json_schema": named})
    )
    form = body["output_config"]["format"]["schema"]
    assert form["additionalProperties"] is False
    assert form["description"] == "{minProperties: 1}"


@pytest.mark.process
def test_a_tool_without_parameters_and_odd_ids_of_calls_are_mended(served: Served) -> None:
    call = {"id": "functions.now:0", "type": "function"}
    messages = [
        HI,
        {
            "role": "assistant",
            "tool_calls": [{**call, "function": {"name": "now", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "functions.now:0", "content": "noon"},
    ]
    tools = [{"type": "function", "function": {"name": "now", "parameters": {}}}]
    body = sent(served.chat("auto:echo", messages=messages, tools=tools))
    assert body["tools"] == [{"name": "now", "input_schema": {"type": "object"}}]
    own = [block for turn in body["messages"][1:] for block in turn["content"]]
    assert own[0]["id"] == own[1]["tool_use_id"]
    # The same history in Anthropic's own form, as another model's calls come back.
    called = {**CALLED, "id": "functions.now:0"}
    result = {**RESULT, "tool_use_id": "functions.now:0"}
    turns = [
        HI,
        {"role": "assistant", "content": [called]},
        {"role": "user", "content": [result]},
    ]
    body = sent(message(served, "auto:echo", messages=turns, tools=[TOOL]))
    assert body["messages"][1]["content"][0]["id"] == own[0]["id"]
    assert body["messages"][2]["content"][0]["tool_use_id"] == own[0]["id"]


@pytest.mark.process
def test_a_tool_that_the_client_runs_goes_to_claude_as_it_was_written(served: Served) -> None:
    chosen = {"type": "tool", "name": "bash"}
    response = message(served, "auto:echo", tools=[BASH, TOOL])
    assert sent(response)["tools"] == [BASH, TOOL]
    assert "x-tiergate-unsupported-tools" not in response.headers
    called = message(served, "auto:bash", tools=[BASH], tool_choice=chosen).json()
    assert called["content"] == [
        {"type": "tool_use", "id": "c1", "name": "bash", "input": {"command": "ls"}}
    ]
    # Where Claude must answer, no other model is asked.
    assert sent(message(served, "auto:both", tools=[BASH]))["tools"] == [BASH]


@pytest.mark.process
def test_a_tool_that_the_client_runs_is_left_out_elsewhere_and_named(served: Served) -> None:
    response = message(served, "auto:other", tools=[BASH, TOOL])
    assert [tool["function"]["name"] for tool in sent(response)["tools"]] == ["f"]
    assert response.headers["x-tiergate-unsupported-tools"] == "bash_20250124"
    assert "tools" not in sent(message(served, "auto:other", tools=[BASH]))
    chosen = message(
        served, "auto:other", tools=[BASH, TOOL], tool_choice={"type": "tool", "name": "bash"}
    )
    assert chosen.status_code == 400
    refused = message(served, "auto:refusing", tools=[BASH])
    assert refused.status_code == 400
    assert "bash_20250124" in refused.json()["error"]["message"]


@pytest.mark.process
def test_a_choice_that_no_tool_meets_is_quoted_as_it_was_sent(served: Served) -> None:
    hosted = {"type": "web_search_20250305", "name": "web_search"}
    chosen = {"type": "tool", "name": "web_search"}
    refused = message(served, "auto:echo", tools=[hosted, TOOL], tool_choice=chosen)
    assert refused.status_code == 400
    assert '{"type":"tool","name":"web_search"}' in refused.json()["error"]["message"]


@pytest.mark.process
def test_no_endpoint_lets_a_model_continue_a_begun_answer(served: Served) -> None:
    begun = [HI, {"role": "assistant", "content": "I think"}]
    body = sent(served.chat("auto:echo", messages=begun))
    assert body["messages"][-1] == {"role": "user", "content": GO_ON}
    refused = message(served, "auto:echo", messages=begun)
    assert refused.status_code == 400
    assert "a begun answer is not continued here" in refused.json()["error"]["message"]


@pytest.mark.process
def test_later_words_of_the_system_stay_the_systems(served: Served) -> None:
    later = {"role": "system", "content": "From now on answer only in French."}
    first = {"role": "system", "content": "Be brief."}
    body = sent(served.chat("auto:echo", messages=[first, HI, later]))
    assert body["system"] == "Be brief.\n\nFrom now on answer only in French."
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Rate it."}]}]
    turns = [HI, later, {"role": "user", "content": "Well?"}]
    assert sent(message(served, "auto:echo", messages=turns))["messages"] == turns


SCHEMAS: list[dict[str, object]] = [
    {"type": "integer", "minimum": 1, "maximum": 5, "description": "stars"},
    {"type": "string", "format": "email", "maxLength": 9},
    {"type": "string", "pattern": "^[A-Z]", "format": "iban"},
    {"type": "string", "enum": ["a", "b"], "default": "a"},
    {"type": "array", "items": {"type": "number", "multipleOf": 2}, "maxItems": 3, "minItems": 2},
    {"type": "array", "items": {"const": 1}, "minItems": 1},
    {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/A"}], "$defs": {"A": {"type": "object"}}},
    {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {}}}},
    {
        "type": "object",
        "title": "R",
        "properties": {"a": {"type": "object", "additionalProperties": {"type": "string"}}},
        "required": ["a"],
        "additionalProperties": True,
    },
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_schema_becomes_what_the_vendors_own_sdk_makes_of_it(schema: dict[str, object]) -> None:
    taken = json.loads(taken_schema(JsonText(json.dumps(schema))))
    assert taken == transform_schema(schema)


@pytest.mark.parametrize(
    ("schema", "taken"),
    [
        (
            {"type": ["string", "null"], "maxLength": 3, "description": "d"},
            {
                "anyOf": [{"type": "string", "description": "{maxLength: 3}"}, {"type": "null"}],
                "description": "d",
            },
        ),
        (
            {"type": ["string", "array", "string"], "items": {"type": "null"}, "minLength": 1},
            {
                "anyOf": [
                    {"type": "string", "description": "{minLength: 1}"},
                    {"type": "array", "items": {"type": "null"}},
                ],
            },
        ),
        ({"$schema": "https://json-schema.org/x", "type": "null"}, {"type": "null"}),
        ({"type": "object", "properties": [1]}, {"type": "object", "properties": [1]}),
        (True, True),
    ],
)
def test_a_schema_that_the_sdk_cannot_read_is_written_too(schema: object, taken: object) -> None:
    assert json.loads(taken_schema(JsonText(json.dumps(schema)))) == taken


def test_a_native_tools_cache_point_lasts_five_minutes() -> None:
    native = {**BASH, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    spec = ToolSpec("bash", "", JsonText("{}"), native=JsonText(json.dumps(native)))
    request = ChatRequest((Message("user", "Rate it."),), "m", tools=(spec,))
    body = json.loads(messages_body(request, model="m", max_output_tokens=9, issuer=""))
    assert body["tools"] == [{**BASH, "cache_control": {"type": "ephemeral"}}]


TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"]


@pytest.mark.parametrize(
    "outer",
    [
        lambda inner: {"type": TYPES, "anyOf": [inner]},
        lambda inner: {"type": TYPES, "properties": {"a": inner}, "items": {"enum": [1]}},
        lambda inner: {"type": ["object"] * 7, "properties": {"a": inner}},
    ],
)
def test_a_nested_schema_does_not_grow_beyond_what_was_held(
    outer: Callable[[object], object],
) -> None:
    schema: object = {"type": "string"}
    for _ in range(40):
        schema = outer(schema)
    text = JsonText(json.dumps(schema))
    assert len(taken_schema(text)) < 4 * len(text)


def test_a_schema_that_is_too_deep_to_write_goes_out_as_it_is() -> None:
    text = JsonText('{"type":["object","null"],"properties":{"a":' * 100 + "{}" + "}}" * 100)
    assert taken_schema(text).decode() == text


def test_the_schema_of_a_tools_input_has_a_type() -> None:
    assert with_type(JsonText("{}")) == b'{"type":"object"}'
    assert with_type(JsonText('{"type":"object","x":1}')) == b'{"type":"object","x":1}'


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        ("data:image/png;base64,AAAA", "", "image"),
        ("https://x.test/a.pdf", "", "document"),
        ("AAAA", "a.png", "image"),
        ("AAAA", "", "document"),
        ("data:application/json;base64,e30", "", "document"),
    ],
)
def test_a_file_becomes_the_block_of_its_kind(data: str, name: str, kind: str) -> None:
    block = block_of({"type": "file", "file": {"file_data": data, "filename": name}})
    assert block is not None
    assert block["type"] == kind
