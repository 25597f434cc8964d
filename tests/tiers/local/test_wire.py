"""Tests what the local model is asked and how its answer is read; needs no weights."""

from __future__ import annotations

import json

import pytest

from router.errors import CannotAnswer, UpstreamInvalid
from router.types import (
    ChatRequest,
    ContentPart,
    JsonText,
    Message,
    ResponseFormat,
    Sampling,
    ToolCall,
    ToolSpec,
)
from tiers.local.wire import (
    begun_reply,
    chat_body,
    json_object_grammar,
    plan_tools,
    read_tool_answer,
)

NOW = ToolSpec("now", "The time.", JsonText('{"type":"object","properties":{}}'))
ADD = ToolSpec("add", "Adds.", JsonText('{"type":"object","properties":{"a":{"type":"number"}}}'))


def asking(*messages: Message, **fields: object) -> ChatRequest:
    return ChatRequest(messages or (Message("user", "Hello!"),), "auto", **fields)  # type: ignore[arg-type]


def body(request: ChatRequest, **given: object) -> dict[str, object]:
    settings: dict[str, object] = {
        "system_prompt": None,
        "max_output_tokens": 100,
        "tool_plan": plan_tools(request),
        "prefer_schema": None,
        "scales": (),
        "choice": 0,
    }
    return chat_body(request, **(settings | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ((Message("user", "Hi"),), ["policy"]),
        ((Message("system", "client"), Message("user", "Hi")), ["client"]),
        ((Message("developer", "client"), Message("user", "Hi")), ["client"]),
        (
            (Message("system", "found", name="context"), Message("user", "Hi")),
            ["policy", "found"],
        ),
    ],
)
def test_the_clients_system_message_replaces_the_policys(
    messages: tuple[Message, ...], expected: list[str]
) -> None:
    sent = body(asking(*messages), system_prompt="policy")["messages"]
    assert sent[0] == {"role": "system", "content": "\n\n".join(expected)}  # type: ignore[index]


def test_the_output_cap_is_the_smaller_one() -> None:
    assert body(asking())["max_tokens"] == 100
    assert body(asking(sampling=Sampling(max_output_tokens=7)))["max_tokens"] == 7
    assert body(asking(sampling=Sampling(max_output_tokens=700)))["max_tokens"] == 100


def test_every_adapter_has_a_stated_scale() -> None:
    assert body(asking(), scales=(0.0, 1.0))["lora"] == [
        {"id": 0, "scale": 0.0},
        {"id": 1, "scale": 1.0},
    ]


def test_each_choice_has_the_next_seed() -> None:
    request = asking(sampling=Sampling(seed=2**32 - 1))
    assert [body(request, choice=i)["seed"] for i in (0, 1)] == [2**32 - 1, 0]


def test_a_preferred_schema_yields_to_the_clients() -> None:
    wanted = ResponseFormat("json_schema", "x", JsonText('{"type":"integer"}'))
    sent = body(asking(response_format=wanted), prefer_schema=JsonText('{"type":"string"}'))
    assert sent["response_format"]["json_schema"]["schema"] == {"type": "integer"}  # type: ignore[index]


def test_a_preferred_schema_is_enforced_for_text() -> None:
    sent = body(asking(), prefer_schema=JsonText('{"type":"string"}'))
    assert sent["response_format"]["json_schema"]["schema"] == {"type": "string"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("cap", "further", "longest"),
    [(1, 0, 4), (79, 0, 65), (80, 1, 52), (128, 2, 56), (479, 10, 58), (480, 11, 52)],
)
def test_a_json_object_is_bounded_by_the_output_cap(cap: int, further: int, longest: int) -> None:
    grammar = json_object_grammar(cap)
    assert f'ws pair ("," ws pair){{0,{further}}} ws' in grammar
    assert f'value ::= "\\"" char{{0,{longest}}}' in grammar


def test_a_json_object_is_asked_for_by_grammar_alone() -> None:
    sent = body(asking(response_format=ResponseFormat("json_object")))
    assert sent["grammar"] == json_object_grammar(100)
    assert "response_format" not in sent


def test_an_image_is_refused() -> None:
    message = Message("user", "Look", parts=(ContentPart("image_url", JsonText("{}")),))
    with pytest.raises(CannotAnswer, match="image_url"):
        body(asking(message))


def test_a_tool_result_becomes_a_turn_that_the_template_knows() -> None:
    call = Message("assistant", "", tool_calls=(ToolCall("1", "now", "{}"),))
    result = Message("tool", "12:00", tool_call_id="1")
    sent = body(asking(Message("user", "Time?"), call, result))["messages"]
    assert [m["role"] for m in sent] == ["user", "assistant", "user"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("choice", ['"none"', None])
def test_no_tools_mean_no_plan(choice: str | None) -> None:
    tools = (NOW,) if choice else ()
    assert plan_tools(asking(tools=tools, tool_choice=choice)) is None


def test_a_required_choice_admits_calls_only() -> None:
    plan = plan_tools(asking(tools=(NOW, ADD), tool_choice='"required"'))
    assert plan is not None
    names = [call["properties"]["name"]["const"] for call in plan.schema["anyOf"]]
    assert names == ["now", "add"]


def test_an_open_choice_admits_a_reply() -> None:
    plan = plan_tools(asking(tools=(NOW,)))
    assert plan is not None
    assert plan.schema["anyOf"][-1]["required"] == ["reply"]


def test_a_named_tool_that_is_not_offered_is_refused() -> None:
    named = '{"type":"function","function":{"name":"fly"}}'
    with pytest.raises(CannotAnswer, match="fly"):
        plan_tools(asking(tools=(NOW,), tool_choice=named))


def test_a_reply_is_text() -> None:
    assert read_tool_answer('{"reply": "Hello!"}', "call_1") == ("Hello!", None)


@pytest.mark.parametrize(
    "text", ["", '{"name": "now", "argu', '{"arguments": {}}', "[]", "7", "[" * 100_000]
)
def test_a_broken_call_is_an_error(text: str) -> None:
    with pytest.raises(UpstreamInvalid):
        read_tool_answer(text, "call_1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"reply": "It rai', "It rai"),
        (' {\n "reply" : "5 \\"in', '5 "in'),
        ('{"reply": "done"', "done"),
        ('{"reply": "a\\', "a"),
        ('{"reply": "a\\u00e', "a"),
        ('{"reply": ', ""),
        ('{"name": "now", "argu', ""),
        ("", ""),
    ],
)
def test_what_had_come_of_a_reply_that_was_cut_is_read(text: str, said: str) -> None:
    assert begun_reply(text) == said


def test_arguments_stay_as_the_model_gave_them() -> None:
    said = json.dumps({"name": "add", "arguments": {"a": 1.5, "s": "ü"}}, ensure_ascii=False)
    _, call = read_tool_answer(said, "call_1")
    assert call == ToolCall("call_1", "add", '{"a":1.5,"s":"ü"}')


def test_question_without_a_cap_of_the_client_gets_one_that_fits() -> None:
    asked = asking(Message("user", "Why is the sky blue?"))
    assert body(asked, usual_output_tokens=64)["max_tokens"] == 64
    assert body(asked)["max_tokens"] == 100


def test_cap_of_the_client_counts_before_the_fitting_one() -> None:
    asked = asking(Message("user", "Why?"), sampling=Sampling(max_output_tokens=90))
    assert body(asked, usual_output_tokens=64)["max_tokens"] == 90


def test_answer_in_json_has_no_fitting_cap() -> None:
    schema = ResponseFormat("json_schema", "any", JsonText('{"type":"object"}'))
    for wanted in (ResponseFormat("json_object"), schema):
        asked = asking(Message("user", "Why?"), response_format=wanted)
        assert body(asked, usual_output_tokens=64)["max_tokens"] == 100


def test_prompt_is_kept_only_where_the_policy_says_so() -> None:
    assert body(asking())["cache_prompt"] is False
    assert body(asking(), prompt_cache=True)["cache_prompt"] is True


def test_request_with_a_seed_never_reads_a_kept_prompt() -> None:
    seeded = asking(sampling=Sampling(seed=1))
    assert body(seeded, prompt_cache=True)["cache_prompt"] is False
