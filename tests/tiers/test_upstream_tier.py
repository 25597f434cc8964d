"""The remote tier against a real server: what is asked, and what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import sys

import orjson
import pytest

from router.errors import StreamCut, UpstreamInvalid, UpstreamTooLong
from router.types import TRACE, Answer, Domain, JsonText, ToolCall, Trace, Usage, span_id
from tests import ROOT
from tests.kits.changed import replace
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.kits.upstreams.upstream_kit import collect, no_call, section, work
from tests.kits.upstreams.upstream_tier_kit import Tiers, ask, ask_stream
from tests.kits.upstreams.upstream_wire import TEXT


async def test_answer_comes_back_with_usage_and_model(fake: FakeUpstream, tiers: Tiers) -> None:
    answer = await ask(tiers(fake.url))
    assert (answer.text, answer.model) == (TEXT, "fake-1")
    assert answer.usage == Usage(20, output_tokens=12, reported=True)


async def test_stream_ends_in_the_same_answer(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url)
    text, final = await ask_stream(tier)
    assert (text, final) == (TEXT, await ask(tier))


@pytest.mark.parametrize("wire", ["openai", "responses", "anthropic"])
async def test_a_stream_tells_the_providers_id_before_its_first_piece(
    fake: FakeUpstream, tiers: Tiers, wire: str
) -> None:
    told: list[str] = []
    asked = replace(work(5.0), name_answer=told.append)
    stream = tiers(fake.url, wire=wire).stream(asked, no_call)
    counts = [(len(told), pieces) async for pieces in stream]
    assert {count for count, _ in counts} == {1}
    final = counts[-1][1][-1].final
    assert final is not None
    assert told == [final.upstream_id]


@pytest.mark.parametrize("wire", ["openai", "responses", "anthropic"])
async def test_a_stream_tells_what_its_provider_says_it_used(
    fake: FakeUpstream, tiers: Tiers, wire: str
) -> None:
    told: list[Usage] = []
    asked = replace(work(5.0), tell_usage=told.append)
    given = [pieces async for pieces in tiers(fake.url, wire=wire).stream(asked, no_call)]
    final = given[-1][-1].final
    assert final is not None
    assert told[-1] == final.usage


async def test_a_prompt_that_is_too_long_is_not_sent_again_without_seals(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    with pytest.raises(UpstreamTooLong):
        await ask(tiers(fake.url, model="full", wire="responses"))
    assert fake.count == 1


@pytest.mark.parametrize(("wire", "model"), [("responses", "long-call"), ("anthropic", "cut-call")])
async def test_a_stream_tells_how_much_of_a_call_has_come(
    fake: FakeUpstream, tiers: Tiers, wire: str, model: str
) -> None:
    """A client that leaves then pays for it. Chat completions say each piece of a call at once."""
    told: list[int] = []
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    asked = replace(work(5.0, tools=tools), tell_unsaid=told.append)
    with contextlib.suppress(StreamCut):
        _ = [
            pieces
            async for pieces in tiers(fake.url, model=model, wire=wire).stream(asked, no_call)
        ]
    assert max(told) >= 20


async def test_pieces_that_came_together_are_given_together(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    given = [pieces async for pieces in tiers(fake.url).stream(work(5.0), no_call)]
    assert ["".join(piece.text for piece in pieces) for pieces in given] == [TEXT, ""]
    assert [len(pieces) for pieces in given] == [len(TEXT.split()), 1]


async def test_what_came_with_a_fault_is_given_before_it(fake: FakeUpstream, tiers: Tiers) -> None:
    stream = tiers(fake.url, model="garbled").stream(work(5.0), no_call)
    assert "".join([piece.text for piece in await anext(stream)]) == "Your parcel is "
    with pytest.raises(UpstreamInvalid):
        await anext(stream)


async def test_an_answer_that_streams_unasked_tells_its_id_though_it_is_cut(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    told: list[str] = []
    asked = replace(work(5.0), name_answer=told.append)
    with pytest.raises(StreamCut):
        await tiers(fake.url, model="always-streams:cut").answer(asked, no_call)
    assert told == ["chatcmpl-fake"]


async def test_connection_is_kept_for_the_next_call(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url)
    for _ in range(3):
        await ask(tier)
        await ask_stream(tier)
    assert len(fake.connections) == 1


async def test_request_arrives_as_it_should(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="echo", key="sk-ours\n")
    answer = await ask(tier, temperature=0.5, top_k=4, routing={"stakes_usd": 1})
    echo = orjson.loads(answer.text)
    assert echo["body"] == {
        "model": "echo",
        "messages": [{"role": "user", "content": "Where is it?"}],
        "max_completion_tokens": 256,
        "temperature": 0.5,
        "top_k": 4,
    }
    assert echo["headers"]["authorization"] == "Bearer sk-ours"
    assert echo["headers"]["x-client-request-id"] == "req-1"


async def test_upstream_learns_the_trace_where_there_is_one(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    tier, trace = tiers(fake.url, model="echo"), Trace("1" * 32, "2" * 16, state="a=1")
    assert "traceparent" not in orjson.loads((await ask(tier)).text)["headers"]
    token = TRACE.set(trace)
    headers = orjson.loads((await ask(tier)).text)["headers"]
    TRACE.reset(token)
    assert headers["traceparent"] == f"00-{'1' * 32}-{span_id('')}-01"
    assert headers["tracestate"] == "a=1"


async def test_without_a_key_no_authorization_is_sent(fake: FakeUpstream, tiers: Tiers) -> None:
    answer = await ask(tiers(fake.url, model="echo", key=None))
    assert "authorization" not in orjson.loads(answer.text)["headers"]


async def test_stream_asks_for_usage(fake: FakeUpstream, tiers: Tiers) -> None:
    await ask_stream(tiers(fake.url))
    assert fake.seen[-1].fields["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("how", [ask, ask_stream])
async def test_usage_that_is_not_believable_is_bounded(
    fake: FakeUpstream, tiers: Tiers, how: object
) -> None:
    assert callable(how)
    for model in ("no-usage", "negative-usage", "zero-usage"):
        found = await how(tiers(fake.url, model=model))
        usage = (found if isinstance(found, Answer) else found[1]).usage
        assert not usage.reported
        assert usage.input_tokens > 0
        assert usage.output_tokens == len(TEXT)


async def test_tool_calls_come_whole_and_in_pieces(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="tool-calls")
    whole = await ask(tier)
    _, final = await ask_stream(tier)
    expected = (ToolCall("call_0", "f", '{"i":1}'), ToolCall("call_1", "f", '{"i":1}'))
    assert whole.choices[0].tool_calls == final.choices[0].tool_calls == expected
    assert whole.choices[0].finish_reason == final.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "model", ["logprobs", "reasoning", "refusal", "stream-ignored", "always-streams"]
)
async def test_streamed_and_whole_answers_are_equal(
    fake: FakeUpstream, tiers: Tiers, model: str
) -> None:
    tier = tiers(fake.url, model=model)
    assert (await ask_stream(tier))[1] == await ask(tier)


async def test_preferred_schema_is_sent(fake: FakeUpstream, tiers: Tiers) -> None:
    wanted = replace(work(), prefer_schema=JsonText('{"type":"object"}'))
    await tiers(fake.url).answer(wanted, no_call)
    assert "response_format" in fake.seen[-1].fields


async def test_fake_upstream_serves_as_a_program_of_its_own(tiers: Tiers) -> None:
    program = [sys.executable, "-m", "tests.kits.upstreams.fake_upstream", "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        *program, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 120)
        answer = await ask(tiers(line.decode().split()[-1]))
    finally:
        process.terminate()
        await process.wait()
    assert answer.text == TEXT


ADAPTED = {
    "adapters": [
        {"name": "support", "model": "support-lora", "domains": ["customer_support"]},
        {"name": "law", "model": "echo", "domains": ["legal", "customer_support"]},
    ]
}


@pytest.mark.parametrize("how", [ask, ask_stream])
@pytest.mark.parametrize(
    ("domain", "model", "adapter"),
    [
        (Domain.CUSTOMER_SUPPORT, "support-lora", "support"),
        (Domain.LEGAL, "echo", "law"),
        (Domain.FINANCE, "answer", None),
    ],
)
async def test_adapter_is_chosen_by_the_domain_of_each_request(
    fake: FakeUpstream,
    tiers: Tiers,
    how: object,
    domain: Domain,
    model: str,
    adapter: str | None,
) -> None:
    tier = tiers(fake.url, **ADAPTED)
    wanted = work()
    wanted = replace(wanted, signals=replace(wanted.signals, domain=domain))
    if how is ask:
        answer = await tier.answer(wanted, no_call)
    else:
        _, answer = await collect(tier.stream(wanted, no_call))
    assert fake.seen[-1].fields["model"] == model
    assert answer.adapter == adapter
    # The base's name and prices hold for its adapters, so an adapter is no redirect.
    assert answer.model == ("fake-1" if adapter is None else "answer")


def test_adapters_are_for_one_wire() -> None:
    with pytest.raises(ValueError, match="no adapters, which is for `wire: openai`"):
        section("http://127.0.0.1:1/v1", wire="anthropic", **ADAPTED)
