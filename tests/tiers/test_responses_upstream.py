"""Upstreams that speak OpenAI's responses get back what they sealed; no other upstream does."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import pytest

from tests.kits.server_kit import Served, Upstream, events_of, write_ladder, write_policy
from tests.kits.upstreams.upstream_responses import SUMMARY
from tests.kits.upstreams.upstream_wire import TEXT

pytestmark = pytest.mark.process

USER = {"role": "user", "content": "Where is my parcel?"}
TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}}
PATCH = {"type": "custom", "name": "apply_patch"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`auto:here` and `auto:there` are two issuers, `auto:chat` and `auto:unsealing` none;
    `auto:turned` names the issuer of `here` but is the upstream of `there`."""
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as here, Upstream(tmp_path_factory.mktemp("other")) as there:
        wire = {"wire": "responses"}
        policies = [
            write_policy(folder, here.url),
            write_ladder(folder, "here", here.url, "any", issuer="here", **wire),
            write_ladder(folder, "there", there.url, "any", **wire),
            write_ladder(folder, "turned", there.url, "any", issuer="here", **wire),
            write_ladder(folder, "unsealing", here.url, "unsealing", **wire),
            write_ladder(folder, "chat", here.url, "echo"),
            write_ladder(folder, "both", here.url, "any", sections={"tiers": [both(here.url)]}),
        ]
        with Served(folder, *policies) as server:
            yield server


def both(url: str) -> dict[str, object]:
    """A tier of equals: the first speaks chat completions, the second seals as `here` does."""
    price = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10}
    common = {"kind": "upstream", "model": "any", "base_urls": [url], "price": price}
    equals = [
        {"name": "plain", **common},
        {"name": "sealing", **common, "wire": "responses", "issuer": "here"},
    ]
    return {"name": "equals", "level": 2, "answerers": equals}


def ask(served: Served, model: str, *items: object, **fields: object) -> httpx.Response:
    return served.post("/v1/responses", {"model": model, "input": [USER, *items], **fields})


def output_of(response: httpx.Response, stream: bool) -> list[dict]:
    assert response.status_code == 200, response.text
    said = events_of(response.text)[-1][1]["response"] if stream else response.json()
    return said["output"]


@pytest.mark.parametrize("stream", [False, True])
def test_sealed_reasoning_reaches_the_client_stamped(served: Served, stream: bool) -> None:
    thought, message = output_of(ask(served, "auto:here", stream=stream), stream)
    assert thought["id"] == "rs_1"
    assert thought["summary"][0]["text"] == SUMMARY
    assert thought["encrypted_content"].startswith("tg1.")
    assert message["content"][0]["text"] == TEXT


def test_a_client_that_streams_is_told_the_summary(served: Served) -> None:
    client = openai.OpenAI(base_url=f"{served.url}/v1", api_key="any", max_retries=0)
    with client.responses.stream(model="auto:here", input="Where is my parcel?") as stream:
        events = list(stream)
        thought = stream.get_final_response().output[0]
    told = [event for event in events if event.type.startswith("response.reasoning_summary")]
    assert [event.type.removeprefix("response.reasoning_summary_") for event in told] == [
        "part.added",
        "text.delta",  # each as it came
        "text.delta",
        "text.done",
        "part.done",
    ]
    assert {(event.item_id, event.output_index, event.summary_index) for event in told} == {
        (thought.id, 0, 0)
    }
    assert (told[0].part.text, told[1].delta + told[2].delta) == ("", SUMMARY)
    assert (told[3].text, told[4].part.text) == (SUMMARY, SUMMARY)
    assert [event.sequence_number for event in events] == list(range(len(events)))


@pytest.mark.parametrize("stream", [False, True])
def test_its_issuer_gets_it_back_as_it_was(served: Served, stream: bool) -> None:
    first = output_of(ask(served, "auto:here", stream=stream), stream)
    again = ask(served, "auto:here", *first, USER, stream=stream)
    assert [item["type"] for item in output_of(again, stream)] == ["reasoning", "message"]


@pytest.mark.parametrize("other", ["auto:there", "auto:chat", "auto:unsealing"])
def test_another_route_goes_on_without_it(served: Served, other: str) -> None:
    first = output_of(ask(served, "auto:here"), False)
    assert ask(served, other, *first, USER).status_code == 200


def test_the_issuer_reads_it_again_after_another_route(served: Served) -> None:
    first = output_of(ask(served, "auto:here"), False)
    second = output_of(ask(served, "auto:there", *first, USER), False)
    third = output_of(ask(served, "auto:here", *first, USER, *second, USER), False)
    assert third[0]["encrypted_content"].endswith(first[0]["encrypted_content"][4:])


def test_a_seal_that_its_issuer_refuses_is_left_out(served: Served) -> None:
    first = output_of(ask(served, "auto:here"), False)
    again = ask(served, "auto:turned", *first, USER)
    assert again.status_code == 200, again.text
    (attempt,) = [a for a in served.row(again)["attempts"] if a["role"] == "answer"]
    assert attempt["cost_nano_usd"] == 140_000


def test_a_model_that_knows_no_seals_answers(served: Served) -> None:
    for _ in range(2):
        (message,) = output_of(ask(served, "auto:unsealing"), False)
        assert message["content"][0]["text"] == TEXT


def test_chat_clients_are_shown_the_summary(served: Served) -> None:
    said = served.chat("auto:here").json()["choices"][0]["message"]
    assert (said["reasoning_content"], said["content"]) == (SUMMARY, TEXT)


def test_usage_is_counted_as_reported(served: Served) -> None:
    usage = ask(served, "auto:here").json()["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (20, 12)
    assert usage["output_tokens_details"]["reasoning_tokens"] == 4


def test_calls_and_results_have_their_own_types_upstream(served: Served) -> None:
    """Chat completions would need `input` inside JSON; the seal comes before its call."""
    calls = [
        {"type": "custom_tool_call", "call_id": "a", "name": "apply_patch", "input": "x"},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "Done."},
        {"type": "function_call", "call_id": "b", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "b", "output": "ok"},
    ]
    seal = output_of(ask(served, "auto:here"), False)[0]
    answer = ask(served, "auto:here", seal, *calls, tools=[TOOL, PATCH])
    assert answer.status_code == 200, answer.text


def test_a_conversation_stays_with_who_sealed_its_thoughts(served: Served) -> None:
    first = output_of(ask(served, "auto:here"), False)
    debug = {"routing": {"debug": True}}
    asked = ask(served, "auto:both", **debug).json()["routing"]
    again = ask(served, "auto:both", *first, USER, **debug).json()["routing"]
    assert (asked["answerer"], again["answerer"]) == ("plain", "sealing")
    assert again["reason"] == "warm_cache"
