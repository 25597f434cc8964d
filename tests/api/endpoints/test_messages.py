"""`POST /v1/messages` as clients meet it: a real server and the real `anthropic` package."""

from __future__ import annotations

import json

import anthropic
import pydantic
import pytest

from tests.kits.opened import held_open
from tests.kits.server_kit import Served, answering, events_of
from tests.kits.upstreams.upstream_wire import TEXT

ASKED = [{"role": "user", "content": "Where is my parcel?"}]
BODY = {"model": "auto", "max_tokens": 100, "messages": ASKED}
TOOL = {"name": "f", "description": "d", "input_schema": {"type": "object"}}


class Found(pydantic.BaseModel):
    answer: int


served = held_open(answering)


@pytest.fixture(scope="module")
def client(served: Served) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=str(served.url), api_key="any", max_retries=0)


def ask(
    client: anthropic.Anthropic, model: str = "auto", **fields: object
) -> anthropic.types.Message:
    return client.messages.create(**{**BODY, "model": model, **fields})


def test_anthropic_client_gets_a_whole_message(client: anthropic.Anthropic) -> None:
    answer = ask(client, system="Be brief.")
    assert (answer.content[0].text, answer.stop_reason, answer.role) == (
        TEXT,
        "end_turn",
        "assistant",
    )
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (20, 12)


def test_a_message_says_where_it_came_from(served: Served, client: anthropic.Anthropic) -> None:
    raw = client.messages.with_raw_response.create(**BODY)
    assert raw.headers["x-tiergate-tier"] == "llm"
    assert raw.headers["x-tiergate-cost-usd"] == "0.00014"
    found = served.client.get(f"/v1/decisions/{raw.parse().id}").json()
    assert (found["endpoint"], found["cost_nano_usd"]) == ("messages", 140_000)
    assert raw.parse()._request_id == f"req_{found['request_id']}" == raw.headers["x-request-id"]


@pytest.mark.parametrize("system", ["", []])
def test_an_empty_system_prompt_is_none(client: anthropic.Anthropic, system: object) -> None:
    parsed = json.loads(ask(client, "auto:echo", system=system).content[0].text)
    assert [message["role"] for message in parsed["body"]["messages"]] == ["user"]


def test_tool_calls_are_blocks_with_an_object(client: anthropic.Anthropic) -> None:
    answer = ask(client, "auto:calls", tools=[TOOL], tool_choice={"type": "any"})
    calls = [block for block in answer.content if block.type == "tool_use"]
    assert [(c.id, c.name, c.input) for c in calls] == [
        ("call_0", "f", {"i": 1}),
        ("call_1", "f", {"i": 1}),
    ]
    assert answer.stop_reason == "tool_use"


def test_a_tool_loop_reaches_the_upstream_as_chat_completions_have_it(
    client: anthropic.Anthropic,
) -> None:
    first = ask(client, "auto:calls", tools=[TOOL])
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": "done"}
        for block in first.content
        if block.type == "tool_use"
    ]
    turns = [
        *ASKED,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [*results, {"type": "text", "text": "Go on."}]},
    ]
    answer = ask(client, "auto:echo", messages=turns, tools=[TOOL], metadata={"user_id": "u1"})
    body = json.loads(answer.content[0].text)["body"]
    roles = [m["role"] for m in body["messages"]]
    assert roles == ["user", "assistant", "tool", "tool", "user"]
    assert [c["id"] for c in body["messages"][1]["tool_calls"]] == ["call_0", "call_1"]
    assert (body["user"], body["tools"][0]["function"]["name"]) == ("u1", "f")


def test_anthropic_client_parses_a_schema(client: anthropic.Anthropic) -> None:
    said = client.messages.parse(**{**BODY, "model": "auto:object"}, output_format=Found)
    assert said.parsed_output == Found(answer=42)


def test_thoughts_are_shown_only_where_thinking_was_asked_for(client: anthropic.Anthropic) -> None:
    shown = ask(client, "auto:thinks", thinking={"type": "enabled", "budget_tokens": 1024})
    assert [block.type for block in shown.content] == ["thinking", "text"]
    assert shown.content[0].thinking == "Let me think."
    assert shown.usage.output_tokens_details is not None
    assert shown.usage.output_tokens_details.thinking_tokens == 8
    assert [block.type for block in ask(client, "auto:thinks").content] == ["text"]


@pytest.mark.parametrize(
    ("model", "reason"),
    [("auto", "end_turn"), ("auto:shortened", "max_tokens"), ("auto:declines", "refusal")],
)
def test_the_stop_reason_is_anthropics(
    client: anthropic.Anthropic, model: str, reason: str
) -> None:
    assert ask(client, model).stop_reason == reason
    with client.messages.stream(**{**BODY, "model": model}) as stream:
        assert stream.get_final_message().stop_reason == reason


def test_dry_run_decides_without_an_answer(client: anthropic.Anthropic) -> None:
    answer = ask(client, extra_body={"routing": {"dry_run": True}})
    assert answer.content == []
    assert answer.to_dict()["routing"]["tier"] == "llm"


def test_tokens_are_counted_without_asking_a_tier(
    served: Served, client: anthropic.Anthropic
) -> None:
    before = len(served.rows())
    short = client.messages.count_tokens(model="auto", messages=ASKED)
    long = client.messages.count_tokens(
        model="auto", messages=ASKED, tools=[TOOL], system="x" * 400
    )
    assert 100 < long.input_tokens - short.input_tokens < 500
    assert len(served.rows()) == before


def test_events_of_a_text_come_in_order(served: Served) -> None:
    response = served.post("/v1/messages", {**BODY, "stream": True})
    events = events_of(response.text)
    deltas = [said["delta"]["text"] for name, said in events if name == "content_block_delta"]
    assert [name for name, _ in events if name != "content_block_delta"] == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert (len(deltas), "".join(deltas)) == (11, TEXT)
    assert all(said["type"] == name for name, said in events)
    assert response.headers["request-id"] == response.headers["x-request-id"]


def test_a_stream_adds_up_to_what_would_have_been_sent_whole(
    served: Served, client: anthropic.Anthropic
) -> None:
    for model in ("auto", "auto:thinks", "auto:declines", "auto:calls", "auto:shortened"):
        fields = {**BODY, "model": model, "tools": [TOOL], "thinking": {"type": "adaptive"}}
        whole = client.messages.create(**fields).to_dict()
        with client.messages.stream(**fields) as stream:
            streamed = stream.get_final_message().to_dict()
        for key in ("content", "stop_reason", "stop_sequence", "role", "type"):
            assert streamed[key] == whole[key], (model, key)
        counts = ("input_tokens", "output_tokens", "cache_read_input_tokens")
        assert [streamed["usage"][k] for k in counts] == [whole["usage"][k] for k in counts]


def test_anthropic_client_streams_text(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**BODY) as stream:
        assert "".join(stream.text_stream) == TEXT


def test_debug_puts_the_routing_into_the_last_event(served: Served) -> None:
    body = {**BODY, "stream": True, "routing": {"debug": True}}
    name, said = events_of(served.post("/v1/messages", body).text)[-1]
    assert (name, said["routing"]["tier"]) == ("message_stop", "llm")


def test_a_stream_that_breaks_off_ends_in_an_error(
    served: Served, client: anthropic.Anthropic
) -> None:
    response = served.post("/v1/messages", {**BODY, "model": "auto:cut", "stream": True})
    name, said = events_of(response.text)[-1]
    assert (name, said["error"]["type"]) == ("error", "api_error")
    assert served.finished_row(response)["state"] in ("failed", "unknown_cost")
    with (
        pytest.raises(anthropic.APIStatusError),
        client.messages.stream(**{**BODY, "model": "auto:cut"}) as stream,
    ):
        stream.until_done()


def test_a_client_that_leaves_mid_stream_leaves_a_cancelled_row(served: Served) -> None:
    body = {**BODY, "model": "auto:lasting", "stream": True}
    with served.client.stream("POST", "/v1/messages", json=body) as response:
        next(response.iter_bytes())
    assert served.finished_row(response)["state"] == "cancelled"


def test_anthropic_client_raises_its_own_errors(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.RateLimitError):
        ask(client, "auto:limited")
    with pytest.raises(anthropic.NotFoundError, match="Known are"):
        ask(client, "nope")
    with pytest.raises(anthropic.GatewayTimeoutError):
        ask(client, "auto:hang")
    with pytest.raises(anthropic.BadRequestError, match=r"tools\[0\]\.input_schema") as caught:
        ask(client, tools=[{"name": "f"}])
    assert caught.value.request_id is not None


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "kind"),
    [
        ("POST", "/v1/messages", b"{}", 400, "invalid_request_error"),
        ("POST", "/v1/messages", b"{", 400, "invalid_request_error"),
        ("POST", "/v1/messages", b" " * 100_001, 413, "request_too_large"),
        ("POST", "/v1/messages/count_tokens", b"{}", 400, "invalid_request_error"),
        ("GET", "/v1/messages", b"", 405, "invalid_request_error"),
        ("POST", "/v1/messages/batches", b"{}", 404, "not_found_error"),
    ],
)
def test_errors_have_anthropics_shape(
    served: Served, method: str, path: str, content: bytes, status: int, kind: str
) -> None:
    headers = {"content-type": "application/json"}
    response = served.client.request(method, path, content=content, headers=headers)
    body = response.json()
    assert (response.status_code, set(body)) == (status, {"type", "error", "request_id"})
    assert (body["type"], body["error"]["type"]) == ("error", kind)
    assert set(body["error"]) == {"type", "message"}
    assert body["request_id"] == response.headers["request-id"]
