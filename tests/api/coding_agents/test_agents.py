"""Sends what coding agents send to `POST /v1/responses`, to a real server."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import openai
import pytest

from tests.kits.opened import held_open
from tests.kits.server_kit import (
    Served,
    Upstream,
    answering,
    events_of,
    write_ladder,
    write_policy,
)
from tests.kits.zstandard import zstd

pytestmark = pytest.mark.process

USER = {"role": "user", "content": "Where is my parcel?"}
PATCH = {"type": "custom", "name": "apply_patch", "description": "Edits files."}
SPAWN = {"type": "function", "name": "spawn", "parameters": {"type": "object"}}
TOOLS = [
    {"type": "namespace", "name": "agents", "tools": [SPAWN]},
    PATCH,
    {"type": "web_search"},
]


served = held_open(answering)


def ask(served: Served, model: str = "auto:agent", **fields: object) -> httpx.Response:
    return served.post("/v1/responses", {"model": model, "input": [USER], **fields})


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_of_a_namespace_is_called_by_its_own_name(served: Served, stream: bool) -> None:
    answer = ask(served, tools=TOOLS, stream=stream)
    response = events_of(answer.text)[-1][1]["response"] if stream else answer.json()
    (item,) = response["output"]
    assert (item["type"], item["namespace"], item["name"]) == ("function_call", "agents", "spawn")


def test_a_custom_tool_is_called_with_text(served: Served) -> None:
    chosen = {"type": "custom", "name": "apply_patch"}
    (item,) = ask(served, tools=TOOLS, tool_choice=chosen).json()["output"]
    assert (item["type"], item["input"]) == ("custom_tool_call", "some words")


@pytest.mark.parametrize("stream", [False, True])
def test_tools_that_were_left_out_are_named_in_a_header(served: Served, stream: bool) -> None:
    answer = ask(served, "auto", tools=[{"type": "web_search"}], stream=stream)
    assert answer.headers["x-tiergate-unsupported-tools"] == "web_search"


def test_tools_that_were_left_out_are_named_in_routing(served: Served) -> None:
    answer = ask(served, "auto", tools=[{"type": "mcp"}], routing={"debug": True})
    assert answer.json()["routing"]["unsupported_tools"] == ["mcp"]


def test_history_reaches_the_upstream_as_functions(served: Served) -> None:
    call = {"type": "custom_tool_call", "call_id": "c", "name": "apply_patch", "input": "a\nb"}
    output = {"type": "custom_tool_call_output", "call_id": "c", "output": "Done."}
    answer = ask(served, "auto:echo", input=[USER, call, output], tools=TOOLS)
    body = json.loads(answer.json()["output"][0]["content"][0]["text"])["body"]
    (sent,) = body["messages"][1]["tool_calls"]
    assert sent["function"] == {"name": "apply_patch", "arguments": '{"input":"a\\nb"}'}
    assert [tool["function"]["name"] for tool in body["tools"]] == ["agents__spawn", "apply_patch"]


def test_a_conversation_is_compacted(served: Served) -> None:
    response = served.post("/v1/responses/compact", {"model": "auto", "input": [USER]})
    assert response.status_code == 200, response.text
    kept, summary = response.json()["output"]
    assert (kept["role"], summary["type"]) == ("user", "compaction")
    again = ask(served, "auto:echo", input=[kept, summary, USER])
    body = json.loads(again.json()["output"][0]["content"][0]["text"])["body"]
    assert "parcel is on its way" in body["messages"][1]["content"]
    row = served.row(response)
    assert (row["endpoint"], row["cost_nano_usd"]) == ("responses.compact", 140_000)


def test_a_sum_in_what_an_agent_puts_in_counts(served: Served) -> None:
    """Without the sum the same reminder is nobody's matter of money."""
    reasons = []
    for told in ("Payments above $9,000 wait.", "Payments wait."):
        reminder = f"<system-reminder>\n{told}\n</system-reminder>\n"
        texts = (USER["content"], "And the other?")
        said = [{**USER, "content": reminder + text} for text in texts]
        reasons.append(served.row(ask(served, input=said, tools=[SPAWN]))["reasons"])
    assert [found[0] for found in reasons] == ["high_risk_financial", "fixed_triggers_decide"]


GRAVE = {"role": "user", "content": "Crushing chest pain since an hour. Which column holds it?"}


@pytest.mark.parametrize("trigger", [True, False])
def test_no_approved_words_stand_in_for_a_summary(served: Served, trigger: bool) -> None:
    """The agent goes on with the summary alone, so it would lose all that was said before."""
    asked = {"model": "auto", "input": [GRAVE], "tools": [SPAWN]}
    if trigger:
        asked["input"] = [GRAVE, {"type": "compaction_trigger"}]
    response = served.post("/v1/responses" if trigger else "/v1/responses/compact", asked)
    summary = response.json()["output"][-1]
    assert summary["type"] == "compaction"
    again = ask(served, "auto:echo", input=[summary, USER])
    body = json.loads(again.json()["output"][0]["content"][0]["text"])["body"]
    assert "parcel is on its way" in body["messages"][0]["content"]
    row = served.row(response)
    assert (row["verdict"], row["reason"]) == ("unverified", "high_risk_medical")


def test_a_policy_without_a_model_says_that_it_can_summarise_nothing(tmp_path: Path) -> None:
    with Served(tmp_path) as server:
        answer = server.post("/v1/responses/compact", {"model": "auto", "input": [USER]})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "unsupported_capability"
    assert "a summary of the conversation, which only a model can write" in error["message"]


def test_openai_client_compacts_a_conversation(served: Served) -> None:
    client = openai.OpenAI(base_url=f"{served.url}/v1", api_key="any", max_retries=0)
    said = client.responses.compact(model="auto", input=[USER])
    assert said.output[-1].type == "compaction"
    assert said.usage.total_tokens == 32
    again = client.responses.create(model="auto", input=[*said.output, USER])
    assert again.output_text


def test_a_policy_may_refuse_tools_that_no_tier_has(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("refusing")
    policy = write_policy(folder, "http://127.0.0.1:9/v1", unsupported_tools="refuse")
    with Served(folder, policy) as server:
        answer = ask(server, "auto", tools=[{"type": "web_search"}, SPAWN])
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["param"], error["code"]) == ("tools", "unsupported_parameter")
    assert "found web_search" in error["message"]


def test_a_conversation_of_four_megabytes_is_answered(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A thread hashes its text, outside the event loop. The digest must stay the same."""
    folder = tmp_path_factory.mktemp("long")
    words = "The parcel left Ghent on Tuesday. " * 120
    turns = [{"role": role, "content": words} for role in ("user", "assistant")] * 490
    body = {"model": "auto", "input": [*turns, USER]}
    packed = zstd.compress(json.dumps(body).encode())
    with Upstream(folder) as upstream:
        policy = write_ladder(folder, "tested", upstream.url, "answer", context_tokens=9_000_000)
        with Served(folder, policy) as server:
            response = server.post("/v1/responses", packed, **{"content-encoding": "zstd"})
            assert response.status_code == 200, response.text
            chat = server.chat(messages=body["input"])
            assert server.row(response)["prompt_digest"] == server.row(chat)["prompt_digest"]
