"""`POST /v1/responses` as clients meet it: a real server and the real `openai` package."""

from __future__ import annotations

import json

import openai
import pydantic
import pytest

from tests.kits.opened import held_open
from tests.kits.server_kit import Served, answering, events_of
from tests.kits.upstreams.upstream_wire import TEXT

ASKED = "Where is my parcel?"
TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}


class Found(pydantic.BaseModel):
    answer: int


served = held_open(lambda folder: answering(folder, cache={"exact": True}))


def test_openai_client_gets_a_whole_response(client: openai.OpenAI) -> None:
    response = client.responses.create(model="auto", input=ASKED, instructions="Be brief.")
    assert (response.output_text, response.status, response.instructions) == (
        TEXT,
        "completed",
        "Be brief.",
    )
    assert response.usage is not None
    assert (
        response.usage.input_tokens,
        response.usage.output_tokens,
        response.usage.total_tokens,
    ) == (
        20,
        12,
        32,
    )
    assert response.usage.input_tokens_details.cached_tokens == 0
    assert response.usage.output_tokens_details.reasoning_tokens == 0


def test_a_response_says_where_it_came_from(served: Served, client: openai.OpenAI) -> None:
    raw = client.responses.with_raw_response.create(model="auto", input=ASKED)
    assert raw.headers["x-tiergate-tier"] == "llm"
    assert raw.headers["x-tiergate-cost-usd"] == "0.00014"
    found = served.client.get(f"/v1/decisions/{raw.parse().id}").json()
    assert (found["endpoint"], found["cost_nano_usd"]) == ("responses", 140_000)
    assert raw.parse()._request_id == f"req_{found['request_id']}"


def test_nothing_is_stored_whatever_was_asked(client: openai.OpenAI) -> None:
    response = client.responses.create(model="auto", input=ASKED, store=True, metadata={"a": "b"})
    assert response.metadata == {"a": "b"}
    assert response.to_dict()["store"] is False


def test_tool_calls_are_items_of_their_own(client: openai.OpenAI) -> None:
    response = client.responses.create(model="auto:calls", input=ASKED, tools=[TOOL])
    calls = [item for item in response.output if item.type == "function_call"]
    assert [(c.call_id, c.name, c.arguments) for c in calls] == [
        ("call_0", "f", '{"i":1}'),
        ("call_1", "f", '{"i":1}'),
    ]
    assert response.tools[0].to_dict()["name"] == "f"


def test_a_tool_loop_reaches_the_upstream_as_chat_completions_have_it(
    client: openai.OpenAI,
) -> None:
    first = client.responses.create(model="auto:calls", input=ASKED, tools=[TOOL])
    outputs = [
        {"type": "function_call_output", "call_id": c.call_id, "output": "done"}
        for c in first.output
        if c.type == "function_call"
    ]
    conversation = [{"role": "user", "content": ASKED}, *first.output, *outputs]
    response = client.responses.create(model="auto:echo", input=conversation, tools=[TOOL])
    body = json.loads(response.output_text)["body"]
    assert [m["role"] for m in body["messages"]] == ["user", "assistant", "tool", "tool"]
    assert [c["id"] for c in body["messages"][1]["tool_calls"]] == ["call_0", "call_1"]
    assert body["tools"][0]["function"]["name"] == "f"
    assert "store" not in body


def test_openai_client_parses_a_schema(client: openai.OpenAI) -> None:
    said = client.responses.parse(model="auto:object", input=ASKED, text_format=Found)
    assert said.output_parsed == Found(answer=42)


def test_reasoning_is_an_item_before_the_message(client: openai.OpenAI) -> None:
    response = client.responses.create(
        model="auto:thinks", input=ASKED, reasoning={"effort": "low"}
    )
    assert [item.type for item in response.output] == ["reasoning", "message"]
    assert response.output[0].content[0].text == "Let me think."
    assert response.usage is not None
    assert response.usage.output_tokens_details.reasoning_tokens == 8


def test_an_answer_cut_by_its_cap_is_incomplete(client: openai.OpenAI) -> None:
    response = client.responses.create(model="auto:shortened", input=ASKED, max_output_tokens=16)
    assert (response.status, response.output_text) == ("incomplete", "Your par")
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


def test_a_refusal_is_a_part_of_its_message(client: openai.OpenAI) -> None:
    response = client.responses.create(model="auto:declines", input=ASKED)
    assert response.output[0].content[0].type == "refusal"


def test_logprobs_come_where_they_were_included(client: openai.OpenAI) -> None:
    response = client.responses.create(
        model="auto:sure", input=ASKED, include=["message.output_text.logprobs"], top_logprobs=2
    )
    (token,) = response.output[0].content[0].logprobs
    assert (token.token, [t.token for t in token.top_logprobs]) == ("Yes", ["Yes", "No"])


def test_dry_run_decides_without_an_answer(client: openai.OpenAI) -> None:
    response = client.responses.create(
        model="auto", input=ASKED, extra_body={"routing": {"dry_run": True}}, stream=False
    )
    assert response.output_text == ""
    assert response.to_dict()["routing"]["tier"] == "llm"


def test_an_answer_is_given_again_whichever_endpoint_asked_first(served: Served) -> None:
    messages = [{"role": "user", "content": "What does a parcel to Rome cost?"}]
    first = served.chat(messages=messages, temperature=0)
    body = {"model": "auto", "input": messages[0]["content"], "temperature": 0}
    again = served.post("/v1/responses", body)
    assert first.headers["x-tiergate-reason"] != "cache_hit"
    assert again.headers["x-tiergate-reason"] == "cache_hit"
    assert again.headers["x-tiergate-cost-usd"] == "0.0"


def test_events_of_a_text_come_in_order(served: Served) -> None:
    body = {"model": "auto", "input": ASKED, "stream": True}
    response = served.post("/v1/responses", body)
    events = events_of(response.text)
    names = [name for name, _ in events]
    deltas = [said["delta"] for name, said in events if name.endswith("text.delta")]
    assert [name for name in names if not name.endswith(".delta")] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert (len(deltas), "".join(deltas)) == (11, TEXT)
    assert [said["sequence_number"] for _, said in events] == list(range(len(events)))
    assert all(said["type"] == name for name, said in events)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-tiergate-tier"] == "llm"


def test_a_stream_ends_in_what_would_have_been_sent_whole(served: Served) -> None:
    for model in ("auto", "auto:thinks", "auto:declines", "auto:shortened"):
        body = {"model": model, "input": ASKED}
        whole = served.post("/v1/responses", body).json()
        streamed = events_of(served.post("/v1/responses", {**body, "stream": True}).text)
        last = streamed[-1][1]["response"]
        for key in ("output", "usage", "status", "incomplete_details", "text"):
            found = json.dumps(last[key]).replace(last["id"][5:], whole["id"][5:])
            assert found == json.dumps(whole[key]), (model, key)


def test_openai_client_accumulates_a_stream(client: openai.OpenAI) -> None:
    with client.responses.stream(model="auto:thinks", input=ASKED) as stream:
        said = [event.type for event in stream]
        assert stream.get_final_response().output_text == "42"
    assert "response.reasoning_text.delta" in said


def test_openai_client_parses_a_streamed_schema(client: openai.OpenAI) -> None:
    with client.responses.stream(model="auto:object", input=ASKED, text_format=Found) as stream:
        assert stream.get_final_response().output_parsed == Found(answer=42)


def test_openai_client_streams_tool_calls(client: openai.OpenAI) -> None:
    with client.responses.stream(model="auto:calls", input=ASKED, tools=[TOOL]) as stream:
        said = [event.type for event in stream if event.type.startswith("response.function")]
        output = stream.get_final_response().output
    assert said == [f"response.function_call_arguments.{end}" for end in ("delta", "done")] * 2
    assert [item.arguments for item in output] == ['{"i":1}', '{"i":1}']


def test_debug_puts_the_routing_into_the_last_response(served: Served) -> None:
    body = {"model": "auto", "input": ASKED, "stream": True, "routing": {"debug": True}}
    *others, last = events_of(served.post("/v1/responses", body).text)
    assert last[1]["response"]["routing"]["tier"] == "llm"
    assert not any("routing" in said.get("response", {}) for _, said in others)


def test_a_stream_cut_by_its_cap_ends_incomplete(served: Served) -> None:
    body = {"model": "auto:shortened", "input": ASKED, "stream": True}
    assert events_of(served.post("/v1/responses", body).text)[-1][0] == "response.incomplete"


def test_a_stream_that_breaks_off_ends_failed(served: Served) -> None:
    response = served.post("/v1/responses", {"model": "auto:cut", "input": ASKED, "stream": True})
    events = events_of(response.text)
    assert [name for name, _ in events[-2:]] == ["error", "response.failed"]
    assert events[-2][1]["code"] == "stream_cut"
    assert events[-1][1]["response"]["status"] == "failed"
    assert served.finished_row(response)["state"] in ("failed", "unknown_cost")


def test_a_client_that_leaves_mid_stream_leaves_a_cancelled_row(served: Served) -> None:
    body = {"model": "auto:lasting", "input": ASKED, "stream": True}
    with served.client.stream("POST", "/v1/responses", json=body) as response:
        next(response.iter_bytes())
    assert served.finished_row(response)["state"] == "cancelled"


def test_openai_client_raises_its_own_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError):
        client.responses.create(model="auto:limited", input=ASKED)
    with pytest.raises(openai.NotFoundError, match="Known are"):
        client.responses.create(model="nope", input=ASKED)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="auto", input=ASKED, previous_response_id="resp_1")
    assert caught.value.param == "previous_response_id"


def test_an_error_before_the_first_event_has_its_status(served: Served) -> None:
    body = {"model": "auto:limited", "input": ASKED, "stream": True}
    response = served.post("/v1/responses", body)
    assert response.status_code == 429
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
