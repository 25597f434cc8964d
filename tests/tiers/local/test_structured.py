"""Structured answers of the embedded model by OpenAI's client, at a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import jsonschema
import openai
import pytest
import yaml

from tests.kits.local_kit import NEEDS_WEIGHTS
from tests.kits.server_kit import Served

pytestmark = [pytest.mark.local, NEEDS_WEIGHTS]

POLICY = {
    "version": 1,
    "name": "embedded",
    "tiers": [
        {
            "name": "small",
            "level": 1,
            "answerers": [{"name": "tiny", "kind": "local", "model": "smollm2-135m"}],
        }
    ],
}
ORDER = {
    "type": "object",
    "properties": {
        "customer": {
            "type": "object",
            "properties": {"name": {"type": "string", "maxLength": 20}, "vip": {"type": "boolean"}},
            "required": ["name", "vip"],
            "additionalProperties": False,
        },
        "lines": {
            "type": "array",
            "minItems": 1,
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {
                    "sku": {"type": "string", "enum": ["A1", "B2"]},
                    "count": {"type": "integer", "minimum": 1, "maximum": 9},
                },
                "required": ["sku", "count"],
                "additionalProperties": False,
            },
        },
        "note": {"type": ["string", "null"], "maxLength": 30},
    },
    "required": ["customer", "lines", "note"],
    "additionalProperties": False,
}
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 30}, "days": {"enum": [1, 3, 7]}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": PARAMETERS}}
    for name in ("get_weather", "get_tides")
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("embedded")
    policy = folder / "embedded.yaml"
    policy.write_text(yaml.safe_dump(POLICY), encoding="utf-8")
    with Served(folder, policy) as server:
        server.wait_for(r"tiny.*(live|ready)", 120)
        yield server


@pytest.fixture
def client(served: Served) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=0, timeout=120)


def ask(client: openai.OpenAI, text: str, **fields: object) -> openai.types.chat.ChatCompletion:
    messages = [{"role": "user", "content": text}]
    asked = {"model": "auto", "messages": messages, "max_completion_tokens": 250, "seed": 1}
    return client.chat.completions.create(**{**asked, **fields})  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_nested_schema_is_kept(client: openai.OpenAI, seed: int) -> None:
    form = {
        "type": "json_schema",
        "json_schema": {"name": "order", "schema": ORDER, "strict": True},
    }
    said = ask(client, "Two of A1 for Ann, please.", response_format=form, seed=seed)
    jsonschema.validate(json.loads(said.choices[0].message.content or ""), ORDER)


def test_a_streamed_schema_is_kept(client: openai.OpenAI) -> None:
    form = {
        "type": "json_schema",
        "json_schema": {"name": "order", "schema": ORDER, "strict": True},
    }
    chunks = ask(client, "One B2 for Bob.", response_format=form, stream=True)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)  # type: ignore[attr-defined]
    jsonschema.validate(json.loads(text), ORDER)


PROMPTS = (
    "What is 2+2? Answer in JSON.",
    "List the planets with their moons as a JSON object.",
    "Describe a cat in a JSON object with very many keys and long values.",
    "Return JSON: a list of twenty numbers.",
    "Write a JSON object with Chinese, Arabic and Russian words.",
    "Give a deeply nested JSON object.",
)


@pytest.mark.parametrize("most", [40, 64, 150])
@pytest.mark.parametrize("text", PROMPTS)
def test_a_json_object_comes_whole(client: openai.OpenAI, text: str, most: int) -> None:
    for seed in (1, 2):
        said = ask(
            client,
            text,
            response_format={"type": "json_object"},
            max_completion_tokens=most,
            temperature=1.0,
            seed=seed,
        )
        assert isinstance(json.loads(said.choices[0].message.content or ""), dict)
        assert said.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("parallel", [True, False])
def test_a_required_tool_is_called(client: openai.OpenAI, parallel: bool) -> None:
    said = ask(
        client,
        "Will it rain in Lima, and in Oslo?",
        tools=TOOLS,
        tool_choice="required",
        parallel_tool_calls=parallel,
    )
    calls = said.choices[0].message.tool_calls or []
    assert said.choices[0].finish_reason == "tool_calls"
    assert calls
    assert parallel or len(calls) == 1
    for call in calls:
        assert call.function.name in ("get_weather", "get_tides")
        jsonschema.validate(json.loads(call.function.arguments), PARAMETERS)


def test_a_named_tool_is_called(client: openai.OpenAI) -> None:
    choice = {"type": "function", "function": {"name": "get_tides"}}
    said = ask(client, "Will it rain in Lima?", tools=TOOLS, tool_choice=choice)
    (call,) = said.choices[0].message.tool_calls or []
    assert call.function.name == "get_tides"
    jsonschema.validate(json.loads(call.function.arguments), PARAMETERS)


def test_a_tools_result_is_answered(client: openai.OpenAI) -> None:
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city":"Lima","days":1}'},
    }
    messages = [
        {"role": "user", "content": "Will it rain in Lima?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "No rain today."},
    ]
    said = ask(client, "", messages=messages, tools=TOOLS, tool_choice="none")
    assert said.choices[0].message.content
    assert not said.choices[0].message.tool_calls
