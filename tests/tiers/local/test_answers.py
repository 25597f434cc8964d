"""The local model answers: real weights, a real child process, one for the whole module."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from contextlib import aclosing
from pathlib import Path

import pytest

from router.errors import DeadlineExceeded, Overloaded, UpstreamRejected, UpstreamTooLong
from router.policy.schema import LocalAnswerer as LocalSection
from router.types import JsonText, ResponseFormat, Sampling, ToolSpec
from tests.kits.local_kit import (
    ENDLESS,
    LONG_TOKENS,
    NEEDS_WEIGHTS,
    answerer_at,
    long_work,
    never_called,
    work,
)
from tests.kits.upstreams.upstream_kit import eventually
from tiers.local.answerer import LocalModelAnswerer
from tiers.local.host import LocalModelHost
from tiers.local.shared_folder import LocalAddress, socket_path

pytestmark = [pytest.mark.local, NEEDS_WEIGHTS]

SECTION = LocalSection(
    kind="local", name="local", parallel=1, queue=1, context_tokens=1024, max_output_tokens=900
)
WEATHER = ToolSpec(
    "get_weather",
    "The weather in a city now.",
    JsonText('{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'),
)
TIME = ToolSpec(
    "get_time",
    "The local time in a city.",
    JsonText('{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'),
)


def told(address: LocalAddress, generation: int, name: str) -> int:
    """A figure that the runtime itself tells of what it does."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(socket_path(Path(address.directory), generation)))
    headers = {"Authorization": f"Bearer {address.token}"}
    connection.request("GET", "/metrics", headers=headers)
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return int(next(s for s in lines if s.startswith(f"llamacpp:{name} ")).split()[1])


def busy(host: LocalModelHost) -> int:
    """Returns how many requests are being decoded."""
    return told(host.address, host.state.generation, "requests_processing")


def decoded(host: LocalModelHost) -> int:
    """Returns how many tokens all finished requests have produced."""
    return told(host.address, host.state.generation, "tokens_predicted_total")


async def test_a_question_gets_an_answer(local: LocalModelAnswerer) -> None:
    answer = await local.answer(work("What is the capital of France?"), never_called)
    assert "Paris" in answer.text
    assert answer.model == "smollm2-135m"
    assert answer.p is None


async def test_usage_is_the_runtimes_own_count(local: LocalModelAnswerer) -> None:
    sampling = Sampling(max_output_tokens=5, seed=1)
    answer = await local.answer(work("Tell me a story.", sampling=sampling), never_called)
    assert answer.usage.reported
    assert answer.usage.output_tokens == 5
    assert answer.usage.input_tokens > 5
    assert answer.choices[0].finish_reason == "length"


async def test_compute_time_is_measured(local: LocalModelAnswerer) -> None:
    answer = await local.answer(work("Hello!"), never_called)
    assert answer.compute_ms > 0


async def test_streamed_pieces_join_to_the_answer(local: LocalModelAnswerer) -> None:
    deltas = [
        d
        async for pieces in local.stream(work("Name three colours."), never_called)
        for d in pieces
    ]
    final = deltas[-1].final
    assert final is not None
    assert len(deltas) > 3
    assert "".join(d.text for d in deltas) == final.text


async def test_every_token_has_a_log_probability(local: LocalModelAnswerer) -> None:
    sampling = Sampling(max_output_tokens=8, seed=1)
    answer = await local.answer(work("Tell me a story.", sampling=sampling), never_called)
    logprobs = answer.choices[0].logprobs
    assert len(logprobs) == 8
    assert all(token.logprob <= 0 for token in logprobs)
    assert "".join(token.token for token in logprobs) == answer.text


async def test_asked_alternatives_come_best_first(local: LocalModelAnswerer) -> None:
    sampling = Sampling(max_output_tokens=4, seed=1, logprobs=True, top_logprobs=3)
    answer = await local.answer(work("Hello!", sampling=sampling), never_called)
    for token in answer.choices[0].logprobs:
        chances = [other.logprob for other in token.top]
        assert len(chances) == 3
        assert chances == sorted(chances, reverse=True)


async def test_a_json_schema_is_enforced(local: LocalModelAnswerer) -> None:
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["glad", "sad"]}, "marks": {"type": "integer"}},
        "required": ["mood", "marks"],
        "additionalProperties": False,
    }
    asked = ResponseFormat("json_schema", "mood", JsonText(json.dumps(schema)), strict=True)
    request = work("My cat ran away.", response_format=asked)
    said = json.loads((await local.answer(request, never_called)).text)
    assert said["mood"] in ("glad", "sad")
    assert isinstance(said["marks"], int)


async def test_a_json_object_is_enforced(local: LocalModelAnswerer) -> None:
    sampling = Sampling(max_output_tokens=200, seed=1)
    asked = ResponseFormat("json_object")
    request = work(
        "Give the capital of France as a JSON object.", response_format=asked, sampling=sampling
    )
    assert isinstance(json.loads((await local.answer(request, never_called)).text), dict)


@pytest.mark.parametrize(
    "asked",
    [
        "What is 2+2? Answer in JSON.",
        "List the months of the year as JSON.",
        "Describe a cat in a JSON object with many keys.",
    ],
)
async def test_a_json_object_is_complete_before_its_cap(
    local: LocalModelAnswerer, asked: str
) -> None:
    sampling = Sampling(max_output_tokens=128, seed=1)
    request = work(asked, response_format=ResponseFormat("json_object"), sampling=sampling)
    (choice,) = (await local.answer(request, never_called)).choices
    assert choice.finish_reason == "stop"
    assert isinstance(json.loads(choice.text), dict)


async def test_a_schema_that_is_none_is_rejected(local: LocalModelAnswerer) -> None:
    asked = ResponseFormat("json_schema", "bad", JsonText('{"type": "bogus"}'))
    with pytest.raises(UpstreamRejected, match="bogus"):
        await local.answer(work("Hello!", response_format=asked), never_called)


async def test_a_required_tool_is_called(local: LocalModelAnswerer) -> None:
    request = work("Is it raining in Paris?", tools=(WEATHER, TIME), tool_choice='"required"')
    (choice,) = (await local.answer(request, never_called)).choices
    assert choice.finish_reason == "tool_calls"
    assert choice.text == ""
    assert choice.tool_calls[0].name in ("get_weather", "get_time")
    assert set(json.loads(choice.tool_calls[0].arguments)) == {"city"}


async def test_a_named_tool_is_the_one_called(local: LocalModelAnswerer) -> None:
    named = '{"type": "function", "function": {"name": "get_time"}}'
    request = work("Is it raining in Paris?", tools=(WEATHER, TIME), tool_choice=named)
    answer = await local.answer(request, never_called)
    assert answer.choices[0].tool_calls[0].name == "get_time"


async def test_a_streamed_tool_call_comes_whole(local: LocalModelAnswerer) -> None:
    request = work("Is it raining in Paris?", tools=(WEATHER,), tool_choice='"required"')
    deltas = [d async for pieces in local.stream(request, never_called) for d in pieces]
    assert [d.tool_call.name for d in deltas if d.tool_call] == ["get_weather"]
    assert not any(d.text for d in deltas)


async def test_a_cut_tool_call_is_none(local: LocalModelAnswerer) -> None:
    sampling = Sampling(max_output_tokens=3, seed=1)
    request = work("Rain?", tools=(WEATHER,), tool_choice='"required"', sampling=sampling)
    (choice,) = (await local.answer(request, never_called)).choices
    assert (choice.text, choice.tool_calls, choice.finish_reason) == ("", (), "length")


async def test_a_stop_text_ends_the_answer(local: LocalModelAnswerer) -> None:
    sampling = Sampling(max_output_tokens=60, seed=1, stop=("5",))
    request = work("Count: 1, 2, 3, 4, 5, 6, 7. Repeat this.", sampling=sampling)
    answer = await local.answer(request, never_called)
    assert "5" not in answer.text
    assert answer.choices[0].finish_reason == "stop"


async def test_the_same_seed_gives_the_same_answer(local: LocalModelAnswerer) -> None:
    sampling = Sampling(max_output_tokens=24, seed=11, temperature=1.5)
    texts = {
        (await local.answer(work("Invent a name.", sampling=sampling), never_called)).text
        for _ in range(2)
    }
    assert len(texts) == 1


async def test_several_choices_have_seeds_of_their_own(local: LocalModelAnswerer) -> None:
    sampling = Sampling(max_output_tokens=16, seed=11, temperature=1.5, n=2)
    answer = await local.answer(work("Invent a name.", sampling=sampling), never_called)
    first, second = answer.choices
    assert first.text != second.text


async def test_a_prompt_over_the_context_is_refused(local: LocalModelAnswerer) -> None:
    with pytest.raises(UpstreamTooLong) as caught:
        await local.answer(work("word " * 1100), never_called)
    assert caught.value.code == "context_length_exceeded"


async def test_the_context_limit_is_the_runtimes(local: LocalModelAnswerer) -> None:
    assert local.facts.context_tokens == 1024


async def test_a_full_context_ends_with_length(local: LocalModelAnswerer) -> None:
    request = work(
        "Count. " + "word " * 960,
        sampling=Sampling(max_output_tokens=900, seed=1),
        response_format=ENDLESS,
    )
    answer = await local.answer(request, never_called)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.total_tokens <= 1024


async def test_a_late_object_is_a_deadline_error(local: LocalModelAnswerer) -> None:
    with pytest.raises(DeadlineExceeded):
        await local.answer(long_work(deadline_s=0.5), never_called)


async def test_a_deadline_before_any_text_is_an_error(local: LocalModelAnswerer) -> None:
    with pytest.raises(DeadlineExceeded):
        await local.answer(work("Tell me a story.", deadline_s=0.0), never_called)


async def test_text_written_until_the_deadline_goes_out(local: LocalModelAnswerer) -> None:
    sampling = Sampling(max_output_tokens=900, seed=3)
    story = work("Tell me a very long story.", sampling=sampling, deadline_s=2.0)
    deltas = [d async for pieces in local.stream(story, never_called) for d in pieces]
    final = deltas[-1].final
    assert final is not None
    assert final.choices[0].finish_reason == "length"
    assert final.text == "".join(d.text for d in deltas)
    assert 0 < final.usage.output_tokens < 900
    assert not final.usage.reported
    assert 0 < final.compute_ms <= 2000


async def test_closing_the_stream_stops_the_decoding(
    local: LocalModelAnswerer, host: LocalModelHost
) -> None:
    before = decoded(host)
    async with aclosing(local.stream(long_work(), never_called)) as s:
        async for _ in s:
            break
        assert busy(host) == 1
    await eventually(lambda: not busy(host))
    assert decoded(host) - before < LONG_TOKENS


async def test_a_cancelled_answer_stops_the_decoding(
    local: LocalModelAnswerer, host: LocalModelHost
) -> None:
    before = decoded(host)
    task = asyncio.create_task(local.answer(long_work(), never_called))
    await eventually(lambda: busy(host) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: not busy(host))
    assert decoded(host) - before < LONG_TOKENS


async def test_a_full_queue_says_when_to_come_again(local: LocalModelAnswerer) -> None:
    tasks = [asyncio.create_task(local.answer(long_work(), never_called)) for _ in range(2)]
    await asyncio.sleep(0.1)
    with pytest.raises(Overloaded) as caught:
        await local.answer(work("Hello!"), never_called)
    assert caught.value.retry_after_s >= 1.0
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_given_back_slot_is_free_again(local: LocalModelAnswerer) -> None:
    for _ in range(4):  # two more than there are slots
        assert (await local.answer(work("Hello!"), never_called)).text


async def test_the_wrong_token_is_refused(host: LocalModelHost) -> None:
    address = LocalAddress(host.address.directory, "not-the-token")
    stranger = answerer_at(SECTION, address)
    with pytest.raises(UpstreamRejected, match="API Key"):
        await stranger.answer(work("Hello!"), never_called)
