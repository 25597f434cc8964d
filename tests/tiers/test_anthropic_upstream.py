"""Upstreams that speak Anthropic's messages: what reaches them, and what of theirs reaches clients.

A real server before two fake ones, which refuse thoughts that they did not sign, as Anthropic does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import anthropic
import httpx
import pytest

from router.money.token_bound import text_bound
from tests.kits.server_kit import Served, Upstream, events_of, write_ladder
from tests.kits.upstreams.upstream_messages import COUNTED, TEXT, USAGE

pytestmark = pytest.mark.process

BETA = "claude-code-20250219,interleaved-thinking-2025-05-14, context-management-2025-06-27"
ASKED = [{"role": "user", "content": "Where is my parcel?"}]
CACHED = {"type": "ephemeral"}
TOOL = {"name": "f", "description": "d", "input_schema": {"type": "object"}}
BODY: dict[str, object] = {"model": "auto", "max_tokens": 100, "messages": ASKED}
MODELS = (
    "answer",
    "agent",
    "thinks",
    "redacted",
    "around",
    "echo",
    "cut",
    "done",
    "nested",
    "stopped",
    "status:529",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as elsewhere:
        named = {"wire": "anthropic", "api_key": "${ANTHROPIC_KEY}"}
        policies = [
            write_ladder(folder, name.partition(":")[0], upstream.url, name, **named)
            for name in MODELS
        ]
        policies += [
            write_ladder(folder, f"other-{name}", elsewhere.url, name, **named)
            for name in ("thinks", "echo")
        ]
        policies.append(write_ladder(folder, "chat", upstream.url, "echo"))
        policies.append(write_ladder(folder, "calls", upstream.url, "agent"))
        policies.append(
            write_ladder(folder, "climbing", upstream.url, "status:529", "answer", wire="anthropic")
        )
        with Served(folder, *policies, ANTHROPIC_KEY="sk-ant-ours") as server:
            yield server


@pytest.fixture(scope="module")
def client(served: Served) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=str(served.url), api_key="any", max_retries=0)


def echoed(served: Served, policy: str = "auto:echo", **fields: object) -> dict[str, dict]:
    """Body and headers as the upstream got them."""
    body = {**BODY, "model": policy, **fields}
    sent = {"anthropic-version": "2023-06-01", "anthropic-beta": BETA, "x-api-key": "client's"}
    response = served.post("/v1/messages?beta=true", body, **sent)
    assert response.status_code == 200, response.text
    return json.loads(response.json()["content"][0]["text"])


def test_version_and_betas_go_on_byte_for_byte(served: Served) -> None:
    headers = echoed(served)["headers"]
    assert headers["anthropic-beta"] == BETA
    assert headers["anthropic-version"] == "2023-06-01"
    assert (headers["x-api-key"], "authorization" in headers) == ("sk-ant-ours", False)


def test_betas_on_two_lines_are_one_list(served: Served) -> None:
    body = json.dumps({**BODY, "model": "auto:echo"})
    lines = [("anthropic-beta", "one-2026"), ("anthropic-beta", "two-2026")]
    sent = [("content-type", "application/json"), *lines]
    response = served.client.post("/v1/messages", content=body, headers=sent)
    parsed = json.loads(response.json()["content"][0]["text"])
    assert parsed["headers"]["anthropic-beta"] == "one-2026,two-2026"


def test_what_a_beta_announces_goes_on_as_it_was_written(served: Served) -> None:
    written = {
        "system": [
            {"type": "text", "text": "x-anthropic-billing-header: cch=1;"},
            {"type": "text", "text": "You edit files.", "cache_control": CACHED},
        ],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": CACHED}]}
        ],
        "tools": [
            TOOL,
            {**TOOL, "name": "g", "defer_loading": True, "eager_input_streaming": True},
        ],
        "thinking": {"type": "adaptive", "display": "omitted"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "medium"},
        "metadata": {"user_id": "u"},
        "top_k": 5,
    }
    body = echoed(served, **written)["body"]
    assert body == {**written, "model": "echo", "max_tokens": 100}


def test_keys_that_nobody_knows_stay_here(served: Served) -> None:
    body = echoed(served, models=["dear"], service_tier="auto", diagnostics={})["body"]
    assert body.keys() == {"model", "messages", "max_tokens"}


def test_tools_that_anthropic_would_run_and_bill_stay_here(served: Served) -> None:
    hosted = {"type": "web_search_20250305", "name": "web_search"}
    assert echoed(served, tools=[hosted, TOOL])["body"]["tools"] == [TOOL]
    assert "tools" not in echoed(served, tools=[hosted])["body"]
    response = served.post("/v1/messages", {**BODY, "tools": [hosted]})
    assert response.headers["x-tiergate-unsupported-tools"] == "web_search_20250305"


def test_a_type_of_tool_that_no_header_can_carry_costs_nobody_the_answer(served: Served) -> None:
    hosted = {"type": "caf\u00e9\r\nx-more: 1", "name": "f"}
    response = served.post("/v1/messages", {**BODY, "tools": [hosted]})
    assert response.status_code == 200
    assert response.headers["x-tiergate-unsupported-tools"] == "caf???x-more: 1"


def test_cache_points_keep_for_the_time_that_has_a_price(served: Served) -> None:
    hour = {"type": "ephemeral", "ttl": "1h"}
    said = [{"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": hour}]}]
    body = echoed(served, messages=said, cache_control=hour)["body"]
    assert body["messages"][0]["content"][0]["cache_control"] == CACHED
    assert body["cache_control"] == CACHED


def test_other_upstreams_get_neither_betas_nor_attribution(served: Served) -> None:
    system = [{"type": "text", "text": "x-anthropic-billing-header: cch=1;"}]
    found = echoed(served, "auto:chat", system=system, context_management={"edits": []})
    assert not {"anthropic-beta", "anthropic-version"} & found["headers"].keys()
    assert "billing" not in json.dumps(found["body"])
    assert "context_management" not in found["body"]


def test_a_chat_completion_is_translated(served: Served) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"i":1}'}}
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "One moment.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "in Ghent"},
        {"role": "user", "content": "Well?"},
    ]
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    response = served.chat(
        "auto:echo",
        messages=messages,
        tools=[{"type": "function", "function": function}],
        parallel_tool_calls=False,
        temperature=1.5,
        stop=["END"],
        user="u1",
    )
    parsed = json.loads(response.json()["choices"][0]["message"]["content"])
    assert parsed["headers"]["anthropic-version"] == "2023-06-01"
    assert parsed["body"] == {
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "One moment."},
                    {"type": "tool_use", "id": "c1", "name": "f", "input": {"i": 1}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "in Ghent"},
                    {"type": "text", "text": "Well?"},
                ],
            },
        ],
        "temperature": 1.0,
        "stop_sequences": ["END"],
        "tools": [{"name": "f", "input_schema": {"type": "object"}, "description": "d"}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "metadata": {"user_id": "u1"},
        "model": "echo",
        "max_tokens": 16_384,
    }


def test_a_chat_client_reads_its_answer(served: Served) -> None:
    response = served.chat("auto:thinks")
    (choice,) = response.json()["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (TEXT, "stop")
    usage = response.json()["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (20, 12)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 5


@pytest.mark.parametrize("streamed", [False, True])
def test_words_around_a_call_stay_apart_for_a_chat_client(served: Served, streamed: bool) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    response = served.chat("auto:around", tools=[tool], stream=streamed)
    if streamed:
        lines = [line[6:] for line in response.text.splitlines() if line.startswith("data: {")]
        choices = [choice for line in lines for choice in json.loads(line)["choices"]]
        words = "".join(choice["delta"].get("content") or "" for choice in choices)
    else:
        words = response.json()["choices"][0]["message"]["content"]
    assert words == "Let me look.\n\nI looked."


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("policy", ["answer", "thinks", "redacted"])
def test_an_answer_comes_through_whole_and_in_events(
    client: anthropic.Anthropic, policy: str, streamed: bool
) -> None:
    asked = {**BODY, "model": f"auto:{policy}"}
    if streamed:
        with client.messages.stream(**asked) as stream:
            said = stream.get_final_message()
    else:
        said = client.messages.create(**asked)
    assert said.content[-1].text == TEXT
    kinds = {"answer": ["text"], "thinks": ["thinking", "text"]}
    assert [b.type for b in said.content] == kinds.get(policy, ["redacted_thinking", "text"])
    assert said.usage.input_tokens == USAGE["input_tokens"]
    assert said.usage.cache_read_input_tokens == USAGE["cache_read_input_tokens"]
    assert said.model == policy


def test_the_row_has_the_tokens_that_anthropic_counted(served: Served) -> None:
    row = served.row(served.post("/v1/messages", {**BODY, "model": "auto:answer"}))
    attempt = row["attempts"][0]
    counts = {key: attempt["usage"][key] for key in ("input_tokens", "cached_input_tokens")}
    assert counts == {"input_tokens": 20, "cached_input_tokens": 5}
    assert attempt["usage"]["cache_write_tokens"] == 3
    assert attempt["usage"]["reported"]


def test_an_overloaded_upstream_leads_to_the_next_rung(served: Served) -> None:
    response = served.post("/v1/messages", {**BODY, "model": "auto:climbing"})
    assert response.json()["content"][0]["text"] == TEXT
    refused = served.post("/v1/messages", {**BODY, "model": "auto:status"})
    assert refused.status_code == 503
    assert refused.json()["error"]["type"] == "overloaded_error"
    assert "x-should-retry" not in refused.headers
    assert "sk-upstream-secret" not in refused.text


def test_a_stream_that_breaks_off_ends_in_an_error(served: Served) -> None:
    response = served.post("/v1/messages", {**BODY, "model": "auto:cut", "stream": True})
    names = [name for name, _ in events_of(response.text)]
    assert names[-1] == "error"
    assert "message_stop" not in names
    attempt = served.finished_row(response)["attempts"][0]
    assert (attempt["state"], attempt["estimated"]) == ("settled", True)
    # Its words and, at 1,000 tokens a second, thoughts that nobody saw.
    assert attempt["cost_nano_usd"] >= text_bound(TEXT) * 10_000


def test_a_stream_that_ends_as_openais_do_is_answered_and_booked_once(
    served: Served, client: anthropic.Anthropic
) -> None:
    with client.messages.stream(**{**BODY, "model": "auto:done"}) as stream:
        assert stream.get_final_message().content[0].text == TEXT
    response = served.post("/v1/messages", {**BODY, "model": "auto:done", "stream": True})
    row = served.finished_row(response)
    assert row["state"] == "settled"
    assert row["attempts"][0]["usage"]["output_tokens"] == 12


def test_a_call_nested_too_deep_is_an_answer_nobody_can_read(served: Served) -> None:
    response = served.post("/v1/messages", {**BODY, "model": "auto:nested", "tools": [TOOL]})
    assert response.status_code == 502
    assert served.finished_row(response)["error_code"] == "upstream_invalid"


def counts(served: Served, model: str, **fields: object) -> tuple[int, str]:
    """The count, and whose it is."""
    body = {"model": model, "messages": ASKED, **fields}
    response = served.post("/v1/messages/count_tokens?beta=true", body)
    assert response.status_code == 200, response.text
    return response.json()["input_tokens"], response.headers["x-tiergate-token-count"]


def test_anthropic_counts_what_anthropic_alone_would_read(served: Served) -> None:
    assert counts(served, "auto:answer") == (COUNTED, "provider")


@pytest.mark.parametrize("model", ["auto:status", "auto:climbing"])
def test_a_bound_stands_in_where_not_all_count(served: Served, model: str) -> None:
    count, source = counts(served, model)
    assert source == "bound"
    assert count > len(ASKED[0]["content"]) / 2


def test_an_estimate_stands_in_where_no_claude_may_answer(served: Served) -> None:
    count, source = counts(served, "auto:chat")
    assert source == "estimate"
    assert count < counts(served, "auto:climbing")[0]


def test_equal_questions_are_asked_once(served: Served, upstream: Upstream) -> None:
    before, rows = upstream.seen()["count"], len(served.rows())
    body = {"model": "auto:answer", "messages": [{"role": "user", "content": "count this once"}]}

    async def burst() -> list[int]:
        async with httpx.AsyncClient(base_url=str(served.url), timeout=120.0) as client:
            asked = [client.post("/v1/messages/count_tokens", json=body) for _ in range(50)]
            return [said.json()["input_tokens"] for said in await asyncio.gather(*asked)]

    assert asyncio.run(burst()) == [COUNTED] * 50
    assert upstream.seen()["count"] - before == 1
    assert len(served.rows()) == rows


def _after(client: anthropic.Anthropic, policy: str) -> list[object]:
    """A conversation whose first answer came from this policy's upstream."""
    first = client.messages.create(**{**BODY, "model": f"auto:{policy}"})
    answer = {"role": "assistant", "content": [block.to_dict() for block in first.content]}
    return [*ASKED, answer, *ASKED]


@pytest.mark.parametrize("policy", ["thinks", "redacted"])
def test_sealed_thoughts_go_back_to_their_issuer_as_it_sealed_them(
    served: Served, client: anthropic.Anthropic, policy: str
) -> None:
    messages = _after(client, policy)
    sealed = messages[1]["content"][0]  # type: ignore[index]
    assert sealed.get("signature", sealed.get("data")).startswith("tg1.")
    (block, *_) = echoed(served, messages=messages)["body"]["messages"][1]["content"]
    assert block.get("signature", block.get("data")).startswith("sig:")
    assert client.messages.create(**{**BODY, "model": "auto:thinks", "messages": messages})


def test_sealed_thoughts_reach_no_other_upstream(
    served: Served, client: anthropic.Anthropic
) -> None:
    messages = _after(client, "other-thinks")
    message = client.messages.create(**{**BODY, "model": "auto:thinks", "messages": messages})
    assert message.content[-1].text == TEXT  # and no 400 for a foreign signature
    content = echoed(served, messages=messages)["body"]["messages"][1]["content"]
    assert [block["type"] for block in content] == ["text"]


def test_thoughts_that_nobody_stamped_are_left_out(served: Served) -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"}
    turns = [*ASKED, {"role": "assistant", "content": [thought]}, *ASKED]
    assert echoed(served, messages=turns)["body"]["messages"] == [*ASKED, *ASKED]


def test_a_tool_loop_that_lost_its_thoughts_goes_on_without_thinking(served: Served) -> None:
    call = {"type": "tool_use", "id": "c1", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "c1", "content": "done"}
    turns = [
        *ASKED,
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    budget = {"type": "enabled", "budget_tokens": 1024}
    fields = {"messages": turns, "tools": [TOOL], "max_tokens": 4_000}
    assert "thinking" not in echoed(served, thinking=budget, **fields)["body"]
    adaptive = echoed(served, thinking={"type": "adaptive"}, **fields)["body"]
    assert adaptive["thinking"] == {"type": "adaptive"}


@pytest.mark.parametrize("streamed", [False, True])
def test_an_agents_loop_keeps_its_thoughts(client: anthropic.Anthropic, streamed: bool) -> None:
    names = ("Read", "Edit", "Bash")
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in names]
    messages: list[object] = [{"role": "user", "content": "Edit '/tmp/hello.py'."}]
    called = []
    for _ in range(4):
        asked = {**BODY, "model": "auto:agent", "messages": messages, "tools": tools}
        if streamed:
            with client.messages.stream(**asked) as stream:
                said = stream.get_final_message()
        else:
            said = client.messages.create(**asked)
        blocks = [block.to_dict() for block in said.content]
        calls = [block for block in blocks if block["type"] == "tool_use"]
        called += [call["name"] for call in calls]
        results = [
            {"type": "tool_result", "tool_use_id": call["id"], "content": "ok"} for call in calls
        ]
        messages += [{"role": "assistant", "content": blocks}, {"role": "user", "content": results}]
    assert called == list(names)
    assert said.stop_reason == "end_turn"


LONG = {"name": f"mcp__{'n' * 60}", "input_schema": {"type": "object"}}


@pytest.mark.parametrize("streamed", [False, True])
def test_a_long_name_of_a_tool_comes_back_as_the_client_wrote_it(
    client: anthropic.Anthropic, streamed: bool
) -> None:
    choice = {"type": "tool", "name": LONG["name"]}
    asked = {**BODY, "model": "auto:calls", "tools": [LONG], "tool_choice": choice}
    if streamed:
        with client.messages.stream(**asked) as stream:
            said = stream.get_final_message()
    else:
        said = client.messages.create(**asked)
    assert [block.name for block in said.content] == [LONG["name"]]


def test_chat_completions_get_a_short_name_wherever_a_tool_is_named(served: Served) -> None:
    call = {"type": "tool_use", "id": "c", "name": LONG["name"], "input": {}}
    result = {"type": "tool_result", "tool_use_id": "c", "content": "done"}
    called, done = {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}
    fields = {"messages": [*ASKED, called, done], "tools": [LONG, TOOL]}
    sent = echoed(served, "auto:chat", **fields)["body"]
    (short, other) = [tool["function"]["name"] for tool in sent["tools"]]
    assert (len(short), short[:40], other) == (64, LONG["name"][:40], "f")
    assert sent["messages"][1]["tool_calls"][0]["function"]["name"] == short
    assert echoed(served, **fields)["body"]["tools"] == [LONG, TOOL]  # Anthropic takes it as it is


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("given", "end"),
    [({"stop_sequences": ["END"]}, ("stop_sequence", "END")), ({}, ("end_turn", None))],
)
def test_the_words_that_stopped_an_answer_are_named(
    client: anthropic.Anthropic, streamed: bool, given: dict[str, object], end: tuple[str, str]
) -> None:
    asked = {**BODY, **given, "model": "auto:stopped"}
    if streamed:
        with client.messages.stream(**asked) as stream:
            said = stream.get_final_message()
    else:
        said = client.messages.create(**asked)
    assert (said.stop_reason, said.stop_sequence) == end
