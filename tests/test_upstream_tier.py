"""The remote tier against a real server that is slow, refuses, drips, lies or breaks off."""

from __future__ import annotations

import asyncio
import inspect
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import orjson
import pytest

from router.api.clock import SystemClock
from router.errors import (
    AnswererError,
    AnswererNotReady,
    DeadlineExceeded,
    StreamCut,
    UpstreamError,
    UpstreamInvalid,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamUnreachable,
)
from router.types import Answer, AnswererState, Clock, Delta, JsonText, ToolCall, Usage
from tests.fake_upstream import FakeUpstream
from tests.upstream_kit import collect, eventually, facts, no_call, section, work
from tests.upstream_wire import TEXT
from tiers.upstream import FOREIGN, UpstreamTier, to_ours


@pytest.fixture
async def fake() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as server:
        yield server


class AheadClock(SystemClock):
    """The time, plus what a test says has gone by."""

    ahead_ms = 0.0

    def monotonic_ms(self) -> float:
        return super().monotonic_ms() + self.ahead_ms


class Tiers:
    """Makes tiers and closes them."""

    def __init__(self) -> None:
        self.made: list[UpstreamTier] = []

    def __call__(
        self,
        *urls: str,
        model: str = "answer",
        key: str | None = "sk-ours",
        clock: Clock | None = None,
        **more: object,
    ) -> UpstreamTier:
        told = section(*urls, model=model, **more)
        tier = UpstreamTier(told, facts(model), api_key=key, clock=clock or SystemClock())
        self.made.append(tier)
        return tier


@pytest.fixture
async def tiers() -> AsyncIterator[Tiers]:
    made = Tiers()
    yield made
    for tier in made.made:
        await tier.close()


async def ask(tier: UpstreamTier, deadline_s: float = 5.0, **fields: object) -> Answer:
    return await tier.answer(work(deadline_s, **fields), no_call)


async def ask_stream(
    tier: UpstreamTier, deadline_s: float = 5.0, **fields: object
) -> tuple[str, Answer]:
    return await collect(tier.stream(work(deadline_s, **fields), no_call))


async def test_answer_comes_back_with_usage_and_model(fake: FakeUpstream, tiers: Tiers) -> None:
    answer = await ask(tiers(fake.url))
    assert (answer.text, answer.model) == (TEXT, "fake-1")
    assert answer.usage == Usage(20, output_tokens=12, reported=True)


async def test_stream_ends_in_the_same_answer(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url)
    text, final = await ask_stream(tier)
    assert (text, final) == (TEXT, await ask(tier))


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
    for model in ("no-usage", "negative-usage"):
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


@pytest.mark.parametrize("model", ["logprobs", "reasoning", "refusal", "stream-ignored"])
async def test_streamed_and_whole_answers_are_equal(
    fake: FakeUpstream, tiers: Tiers, model: str
) -> None:
    tier = tiers(fake.url, model=model)
    assert (await ask_stream(tier))[1] == await ask(tier)


async def test_preferred_schema_is_sent(fake: FakeUpstream, tiers: Tiers) -> None:
    wanted = replace(work(), prefer_schema=JsonText('{"type":"object"}'))
    await tiers(fake.url).answer(wanted, no_call)
    assert "response_format" in fake.seen[-1].fields


# --- what goes wrong ------------------------------------------------------------------------------

WHOLE_FAULTS = [
    # behaviour, our error, whether a failed call may have been billed
    ("status:400", UpstreamRejected, False),
    ("status:401", UpstreamRejected, False),
    ("status:403", UpstreamRejected, False),
    ("status:404", UpstreamRejected, False),
    ("status:500", UpstreamError, False),
    ("status:206", UpstreamInvalid, False),
    ("rate-limited:30", UpstreamRateLimited, False),
    ("quota", UpstreamRateLimited, False),
    ("redirect", UpstreamInvalid, False),
    ("html", UpstreamInvalid, True),
    ("garbage", UpstreamInvalid, True),
    ("error-object", UpstreamError, True),
]
FAULTS = [
    *[(name, kind, billed, ask) for name, kind, billed in WHOLE_FAULTS],
    *[(name, kind, billed, ask_stream) for name, kind, billed in WHOLE_FAULTS],
    ("wrong-type", UpstreamInvalid, True, ask),
    ("not-json-type", UpstreamInvalid, True, ask),
    ("huge-body", UpstreamInvalid, True, ask),
    ("cut", StreamCut, True, ask),
    ("reset", UpstreamUnreachable, True, ask),
    ("reset", UpstreamUnreachable, True, ask_stream),
    ("cut", StreamCut, True, ask_stream),
    ("no-finish", StreamCut, True, ask_stream),
    ("huge-line", UpstreamInvalid, True, ask_stream),
    ("endless", UpstreamInvalid, True, ask_stream),
    ("error-event", UpstreamError, True, ask_stream),
]


@pytest.mark.parametrize(("model", "kind", "billed", "how"), FAULTS)
async def test_fault_becomes_one_of_our_errors(
    fake: FakeUpstream,
    tiers: Tiers,
    model: str,
    kind: type[UpstreamError],
    billed: bool,
    how: object,
) -> None:
    assert callable(how)
    with pytest.raises(AnswererError) as caught:
        await how(tiers(fake.url, model=model, retries=0))
    error = caught.value
    assert type(error) is kind
    assert isinstance(error, UpstreamError)
    assert (error.sent and error.upstream_status is None) is billed
    assert "sk-" not in error.message
    assert error.status != 401


async def test_refused_connection_was_not_sent(tiers: Tiers, fake: FakeUpstream) -> None:
    await fake.close()
    with pytest.raises(UpstreamUnreachable) as caught:
        await ask(tiers(fake.url, retries=0))
    assert not caught.value.sent


async def test_unknown_host_was_not_sent(tiers: Tiers) -> None:
    with pytest.raises(UpstreamUnreachable) as caught:
        await ask(tiers("http://nowhere.invalid/v1", retries=0))
    assert not caught.value.sent


@pytest.mark.parametrize("how", [ask, ask_stream])
@pytest.mark.parametrize("model", ["hang", "drip:1", "slow:3600"])
async def test_deadline_holds_for_the_whole_answer(
    fake: FakeUpstream, tiers: Tiers, model: str, how: object
) -> None:
    assert callable(how)
    with pytest.raises(DeadlineExceeded):
        await how(tiers(fake.url, model=model), 0.2)
    await eventually(lambda: fake.aborted == fake.count)  # while it had more to say


async def test_the_answerers_own_deadline_holds_too(fake: FakeUpstream, tiers: Tiers) -> None:
    with pytest.raises(DeadlineExceeded):
        await ask(tiers(fake.url, model="hang", deadline_s=0.1))


@pytest.mark.parametrize("how", [ask, ask_stream])
async def test_cancelled_call_closes_the_connection(
    fake: FakeUpstream, tiers: Tiers, how: object
) -> None:
    assert callable(how)
    task = asyncio.create_task(how(tiers(fake.url, model="hang")))
    await eventually(lambda: fake.count == 1)
    task.cancel()
    await eventually(lambda: fake.aborted == 1)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_stream_left_early_closes_the_connection(fake: FakeUpstream, tiers: Tiers) -> None:
    deltas = tiers(fake.url, model="hang").stream(work(), no_call)
    first = await anext(deltas)
    assert isinstance(first, Delta)
    await deltas.aclose()  # type: ignore[attr-defined]
    await eventually(lambda: fake.aborted == 1)


async def test_slot_of_a_cancelled_call_is_free_again(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, concurrency=1)
    fake.behaviour = "hang"
    task = asyncio.create_task(ask(tier))
    await eventually(lambda: fake.count == 1)
    task.cancel()
    fake.behaviour = None
    assert (await ask(tier, 1.0)).text == TEXT


async def test_no_more_calls_than_the_cap_run_at_one_time(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="hang", concurrency=2)
    tasks = [asyncio.create_task(ask(tier)) for _ in range(6)]
    await eventually(lambda: fake.count == 2)
    await asyncio.sleep(0.05)
    assert fake.count == 2
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_calls_that_wait_are_bounded(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="slow:0.05", concurrency=1)
    found = await asyncio.gather(*[ask(tier) for _ in range(15)], return_exceptions=True)
    assert sum(isinstance(one, AnswererNotReady) for one in found) == 4
    assert sum(isinstance(one, Answer) for one in found) == 11


async def test_waiting_past_the_deadline_sends_nothing(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="hang", concurrency=1)
    first = asyncio.create_task(ask(tier, 3600.0))
    await eventually(lambda: fake.count == 1)
    with pytest.raises(UpstreamUnreachable) as caught:
        await ask(tier, 0.05)
    assert not caught.value.sent
    assert fake.count == 1
    first.cancel()
    await asyncio.wait([first])


# --- retries, replicas, breakers ------------------------------------------------------------------


async def test_failure_that_cost_nothing_is_tried_again(fake: FakeUpstream, tiers: Tiers) -> None:
    assert (await ask(tiers(fake.url, model="flaky:1"))).text == TEXT
    assert fake.count == 2


async def test_no_retry_means_none(fake: FakeUpstream, tiers: Tiers) -> None:
    with pytest.raises(UpstreamError):
        await ask(tiers(fake.url, model="flaky:1", retries=0))
    assert fake.count == 1


async def test_retries_stay_within_their_share(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="status:503", retry_budget=0.1, breaker_failures=1000)
    for _ in range(20):
        with pytest.raises(UpstreamError):
            await ask(tier)
    assert 20 + 2 <= fake.count <= 20 + 4


@pytest.mark.parametrize(
    "model",
    ["status:400", "status:401", "status:504", "status:524", "quota", "html", "reset", "garbage"],
)
async def test_failure_that_may_cost_or_recur_is_not_tried_again(
    fake: FakeUpstream, tiers: Tiers, model: str
) -> None:
    with pytest.raises(UpstreamError):
        await ask(tiers(fake.url, model=model, retries=5))
    assert fake.count == 1


async def test_retry_waits_as_long_as_the_upstream_asks(fake: FakeUpstream, tiers: Tiers) -> None:
    assert (await ask(tiers(fake.url, model="limited-once:150"))).text == TEXT
    first, second = fake.seen
    assert second.at_s - first.at_s >= 0.15


async def test_retry_after_beyond_the_deadline_is_passed_on(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    with pytest.raises(UpstreamRateLimited) as caught:
        await ask(tiers(fake.url, model="rate-limited:3"), 2.0)
    assert caught.value.retry_after_s == 3.0
    assert fake.count == 1


async def test_resting_upstream_is_not_asked(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="rate-limited:30")
    for _ in range(2):
        with pytest.raises(UpstreamRateLimited) as caught:
            await ask(tier)
    assert fake.count == 1
    assert not caught.value.sent


async def test_retry_goes_to_the_other_replica_at_once(tiers: Tiers) -> None:
    async with FakeUpstream() as bad, FakeUpstream() as good:
        bad.behaviour = "rate-limited:30"
        tier = tiers(bad.url, good.url)
        for _ in range(4):  # waiting as long as the bad one asks would pass the deadline
            assert (await ask(tier, 20.0)).text == TEXT
        assert (bad.count, good.count) == (1, 4)


async def test_dead_replica_is_not_noticed_by_clients(tiers: Tiers) -> None:
    async with FakeUpstream() as dead, FakeUpstream() as good:
        await dead.close()
        tier = tiers(dead.url, good.url, breaker_failures=1)
        for _ in range(4):
            assert (await ask(tier)).text == TEXT


async def test_breaker_opens_then_probes_then_closes(fake: FakeUpstream, tiers: Tiers) -> None:
    clock = AheadClock()
    tier = tiers(fake.url, clock=clock, retries=0, breaker_failures=2, breaker_reset_s=60)
    fake.behaviour = "status:500"
    for _ in range(2):
        with pytest.raises(UpstreamError):
            await ask(tier)
    assert tier.status().state is AnswererState.OPEN_BREAKER
    with pytest.raises(AnswererNotReady):
        await ask(tier)
    assert fake.count == 2
    fake.behaviour = None
    clock.ahead_ms = 60_000.0
    assert (await ask(tier)).text == TEXT
    assert tier.status().state is AnswererState.READY


async def test_hanging_upstream_opens_the_breaker(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="hang", breaker_failures=1, breaker_reset_s=60)
    with pytest.raises(DeadlineExceeded):
        await ask(tier, 0.1)
    assert tier.status().state is AnswererState.OPEN_BREAKER


async def test_clients_that_leave_do_not_open_the_breaker(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="hang", breaker_failures=1)
    task = asyncio.create_task(ask(tier))
    await eventually(lambda: fake.count == 1)
    task.cancel()
    await asyncio.wait([task])
    assert tier.status().state is AnswererState.READY


def test_key_that_no_header_carries_is_refused_without_being_shown(tiers: Tiers) -> None:
    with pytest.raises(AnswererNotReady) as caught:
        tiers("http://x/v1", key="sk-a\nb")
    assert "sk-a" not in caught.value.message


# --- foreign errors -------------------------------------------------------------------------------


def foreign_classes() -> list[type[BaseException]]:
    modules = (aiohttp, aiohttp.client_exceptions, aiohttp.http_exceptions)
    found = {
        one
        for module in modules
        for one in vars(module).values()
        if inspect.isclass(one)
        and issubclass(one, Exception)
        and not issubclass(one, Warning)
        and one.__module__.startswith("aiohttp")
    }
    return sorted({*found, TimeoutError, ConnectionResetError, ssl.SSLError}, key=str)


NOT_SENT = {
    "ClientConnectorError",
    "ClientConnectorDNSError",
    "ClientProxyConnectionError",
    "UnixClientConnectorError",
    "ClientSSLError",
    "ClientConnectorSSLError",
    "ClientConnectorCertificateError",
    "ConnectionTimeoutError",
    "ServerFingerprintMismatch",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
}


@pytest.mark.parametrize("kind", foreign_classes(), ids=lambda kind: kind.__name__)
def test_no_error_of_the_client_is_left_unmapped(kind: type[BaseException]) -> None:
    assert issubclass(kind, FOREIGN)
    ours = to_ours(kind.__new__(kind))
    assert kind.__name__ in ours.message
    if isinstance(ours, UpstreamError) and "Redirect" not in kind.__name__:
        assert ours.sent is (kind.__name__ not in NOT_SENT)


# --- the program itself ---------------------------------------------------------------------------


async def test_fake_upstream_serves_as_a_program_of_its_own(tiers: Tiers) -> None:
    program = [sys.executable, "-m", "tests.fake_upstream", "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        *program, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parent.parent
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        answer = await ask(tiers(line.decode().split()[-1]))
    finally:
        process.terminate()
        await process.wait()
    assert answer.text == TEXT
