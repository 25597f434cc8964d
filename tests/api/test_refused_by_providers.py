"""What providers refuse, and answers that break their promise, through a whole server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from tests.kits.server_kit import Served, Upstream, write_ladder, write_policy
from tests.kits.upstreams.upstream_particular import DECLINED, POOR

pytestmark = pytest.mark.process

QUESTION = "Which of the two blue boats is faster on a calm lake?"
USER = {"role": "user", "content": QUESTION}
DAYS = {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"]}
TOOL = {"type": "function", "function": {"name": "forecast", "parameters": DAYS}}
KEY = "sk-particular-0123456789"
LADDERS = {
    "no-temperature": ("openai", "sampling:temperature"),
    "three": ("openai", "sampling:temperature+top_p+stop"),
    "efforts": ("openai", "sampling:reasoning_effort"),
    "responses": ("responses", "sampling:temperature"),
    "unverified": ("responses", "sampling:reasoning.summary"),
    "opus": ("anthropic", "opus:temperature+top_p+top_k"),
    "unfit": ("openai", "unfit"),
    "unfit-responses": ("responses", "unfit"),
    "poor": ("anthropic", "poor"),
    "small": ("responses", "echo"),
    "misfit": ("openai", 'misfit:{"days":"two"}'),
    "broken": ("openai", 'misfit:{"days":'),
    "talking": ("openai", 'talking:{"days":"two"}'),
    "unknown": ("openai", "silent"),
}


class Both(NamedTuple):
    """A server, and the upstream that it asks."""

    served: Served
    upstream: Upstream

    def calls(self) -> int:
        return int(self.upstream.seen()["count"])


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policies = [write_policy(folder, upstream.url)]
        for name, (wire, model) in LADDERS.items():
            named = f"particular:{model}"
            more = {"wire": wire, "api_key": "${PARTICULAR_KEY}"}
            policies.append(write_ladder(folder, name, upstream.url, named, **more))
        declined = [f"particular:{kind}" for kind in ("declines", "filters", "silent")]
        verified = {"verify": {"default": "full"}}
        policies.append(write_ladder(folder, "declining", upstream.url, *declined, **verified))
        with Served(folder, *policies, PARTICULAR_KEY=KEY) as server:
            yield Both(server, upstream)


def chat(both: Both, name: str, **fields: object) -> httpx.Response:
    return both.served.chat(f"auto:{name}", **{"messages": [USER], **fields})


def received(response: httpx.Response) -> dict[str, object]:
    """Returns the body that the upstream says back."""
    assert response.status_code == 200, response.text
    answer = response.json()
    if "choices" in answer:
        return dict(json.loads(answer["choices"][0]["message"]["content"])["body"])
    if "content" in answer:
        return dict(json.loads(answer["content"][0]["text"])["body"])
    return dict(json.loads(answer["output"][-1]["content"][0]["text"])["body"])


def test_a_refused_temperature_is_left_out_and_remembered(both: Both) -> None:
    """An app that sends one never got an answer of OpenAI's reasoning models."""
    before = both.calls()
    first = chat(both, "no-temperature", temperature=0.2)
    assert "temperature" not in received(first)
    assert first.headers["x-tiergate-dropped"] == "temperature"
    assert both.calls() == before + 2
    again = chat(both, "no-temperature", temperature=0.7)
    assert again.headers["x-tiergate-dropped"] == "temperature"
    assert both.calls() == before + 3  # not refused once more
    row = both.served.row(first)
    (attempt,) = [a for a in row["attempts"] if a["role"] == "answer"]
    assert (attempt["state"], attempt["cost_nano_usd"]) == ("settled", 140_000)
    assert row["record"]["dropped"] == ["temperature"]
    assert "tried again without temperature" in both.served.output


def test_a_stream_says_what_is_left_out(both: Both) -> None:
    body = {"model": "auto:three", "messages": [USER], "temperature": 0.2, "stream": True}
    response = both.served.post("/v1/chat/completions", body)
    assert response.status_code == 200, response.text
    assert response.headers["x-tiergate-dropped"] == "temperature"


def test_refused_stop_sequences_end_the_answer_here(both: Both) -> None:
    response = chat(both, "three", temperature=0.2, top_p=0.5, stop=["messages"])
    assert response.status_code == 200, response.text
    assert response.headers["x-tiergate-dropped"] == "temperature, top_p"
    (choice,) = response.json()["choices"]
    assert choice["message"]["content"].endswith('"')
    assert "messages" not in choice["message"]["content"]


def test_an_effort_is_remembered_by_its_value(both: Both) -> None:
    before = both.calls()
    for effort, calls in (("low", 2), ("low", 3), ("high", 5)):
        response = chat(both, "efforts", reasoning_effort=effort)
        assert "reasoning_effort" not in received(response)
        assert both.calls() == before + calls


def test_the_words_of_anthropic_are_read_too(both: Both) -> None:
    body = {"messages": [USER], "temperature": 0.3, "top_p": 0.5, "max_tokens": 50}
    headers = {"anthropic-version": "2023-06-01"}
    own = both.served.post("/v1/messages", {**body, "model": "auto:opus"}, **headers)
    assert not {"temperature", "top_p"} & received(own).keys()
    assert own.headers["x-tiergate-dropped"] == "temperature, top_p"
    translated = chat(both, "opus", temperature=0.3)
    assert "temperature" not in received(translated)


def test_responses_are_asked_without_it(both: Both) -> None:
    body = {"model": "auto:responses", "input": QUESTION, "temperature": 0.2}
    response = both.served.post("/v1/responses", body)
    assert "temperature" not in received(response)
    assert response.headers["x-tiergate-dropped"] == "temperature"


def test_a_summary_that_an_organisation_may_not_have_is_left_out(both: Both) -> None:
    before = both.calls()
    for calls in (2, 3):
        reasoning = {"effort": "low", "summary": "auto"}
        body = {"model": "auto:unverified", "input": QUESTION, "reasoning": reasoning}
        response = both.served.post("/v1/responses", body)
        assert received(response)["reasoning"] == {"effort": "low"}
        assert response.headers["x-tiergate-dropped"] == "reasoning.summary"
        assert both.calls() == before + calls


def failure_of(both: Both, response: httpx.Response) -> str:
    """Returns what the record says of the call that failed."""
    decision = response.json()["error"]["message"].partition("The decision is ")[2].rstrip(".")
    record = both.served.client.get(f"/v1/decisions/{decision}").json()["record"]
    return str(record["failures"][0]["message"])


def test_a_provider_s_words_reach_the_client_the_row_and_the_log(both: Both) -> None:
    """The prompt, the key and the address in them reach nobody."""
    response = chat(both, "unfit", tools=[TOOL])
    assert response.status_code == 400
    words = "Invalid schema for function 'f': 'additionalProperties' must be false"
    assert words in response.json()["error"]["message"]
    for told in (response.text, failure_of(both, response), both.served.output):
        assert words in told
        assert not any(part in told for part in (KEY, "10.1.2.3", "my prompt", "blue boats"))


def test_a_refusal_of_no_seal_is_one_call(both: Both) -> None:
    before = both.calls()
    response = chat(both, "unfit-responses", tools=[TOOL])
    assert response.status_code == 400
    assert both.calls() == before + 1


def test_words_about_our_account_reach_no_client(both: Both) -> None:
    response = chat(both, "poor")
    assert response.status_code == 429
    assert response.json()["error"]["code"] == "insufficient_quota"
    assert POOR not in response.text
    assert POOR in failure_of(both, response)


def test_a_cap_below_what_responses_take_is_raised(both: Both) -> None:
    response = chat(both, "small", max_tokens=1)
    assert received(response)["max_output_tokens"] == 16
    assert response.headers["x-tiergate-dropped"] == "max_tokens"
    assert "x-tiergate-dropped" not in chat(both, "small", max_tokens=16).headers


@pytest.mark.parametrize("strict", [None, True, False])
def test_a_tool_of_responses_is_as_strict_as_its_client_says(
    both: Both, strict: bool | None
) -> None:
    tool = {"type": "function", "name": "forecast", "parameters": DAYS}
    stated = {} if strict is None else {"strict": strict}
    body = {"model": "auto:small", "input": QUESTION, "tools": [{**tool, **stated}]}
    response = both.served.post("/v1/responses", body)
    (sent,) = received(response)["tools"]  # type: ignore[misc]
    assert {key: value for key, value in sent.items() if key == "strict"} == stated
    assert response.json()["tools"][0]["strict"] is strict


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["misfit", "broken", "talking"])
def test_a_call_whose_arguments_do_not_fit_goes_out(both: Both, name: str, *, stream: bool) -> None:
    """An agent tells its model so and goes on; a 502 ended its run."""
    response = chat(both, name, tools=[TOOL], stream=stream)
    assert response.status_code == 200, response.text
    given = LADDERS[name][1].partition(":")[2]
    if stream:
        assert json.dumps(given)[1:-1] in response.text
        return
    assert response.headers["x-tiergate-verdict"] == "unverified"
    (choice,) = response.json()["choices"]
    assert choice["message"]["tool_calls"][0]["function"]["arguments"] == given
    (step,) = both.served.row(response)["record"]["steps"]
    assert "forecast" in step["evidence"]["fault"]


def test_claude_code_is_given_such_a_call_as_an_object(both: Both) -> None:
    tool = {"name": "forecast", "input_schema": DAYS}
    body = {"model": "auto:misfit", "messages": [USER], "max_tokens": 50, "tools": [tool]}
    response = both.served.post("/v1/messages", body, **{"anthropic-version": "2023-06-01"})
    assert response.json()["content"][-1]["input"] == {"days": "two"}


@pytest.mark.parametrize("promise", ["strict", "forced"])
def test_a_promised_shape_is_kept_or_named(both: Both, promise: str) -> None:
    tool = {"type": "function", "function": {**TOOL["function"], "strict": promise == "strict"}}  # type: ignore[dict-item]
    choice = "required" if promise == "forced" else "auto"
    response = chat(both, "misfit", tools=[tool], tool_choice=choice)
    assert response.status_code == 422
    message = response.json()["error"]["message"]
    assert "its call of forecast does not fit: `days`: 'two' is not of type 'integer'" in message
    assert "properties.days.type" in message
    assert response.headers["x-should-retry"] == "false"


def test_the_error_names_what_was_missing(both: Both) -> None:
    silent = chat(both, "unknown").json()["error"]["message"]
    assert "it said nothing" in silent
    asked = {"tools": [TOOL], "tool_choice": "required"}
    plain = chat(both, "small", **asked).json()["error"]["message"]
    assert "it should have called a tool (`tool_choice`) and called none" in plain


def test_a_refusal_in_words_is_not_lost_to_silence(both: Both) -> None:
    response = chat(both, "declining")
    assert response.status_code == 200, response.text
    assert response.json()["choices"][0]["message"]["content"] == DECLINED
    assert response.headers["x-tiergate-verdict"] == "unverified"


def test_a_stream_of_such_a_ladder_ends_with_the_refusal(both: Both) -> None:
    body = {"model": "auto:declining", "messages": [USER], "stream": True}
    response = both.served.post("/v1/chat/completions", body)
    assert response.status_code == 200
    assert DECLINED in response.text
