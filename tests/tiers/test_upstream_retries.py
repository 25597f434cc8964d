"""Retries, replicas and breakers of the remote tier, against a real server."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from msgspec.structs import replace

from router.errors import (
    AnswererNotReady,
    DeadlineExceeded,
    UpstreamError,
    UpstreamPage,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTooMuch,
    UpstreamUnreachable,
)
from router.types import Answer, AnswererState, AnswererStatus
from router.wire.hints import RETRY_COUNT, is_repeated
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.kits.upstreams.upstream_kit import eventually, no_call, work
from tests.kits.upstreams.upstream_tier_kit import AheadClock, Tiers, ask, ask_stream
from tests.kits.upstreams.upstream_wire import TEXT
from tiers.upstream.answerer import UpstreamTier


async def test_failure_that_cost_nothing_is_tried_again(fake: FakeUpstream, tiers: Tiers) -> None:
    assert (await ask(tiers(fake.url, model="flaky:1"))).text == TEXT
    assert fake.count == 2


@pytest.mark.parametrize("status", [201, 203])
async def test_an_answer_that_is_created_or_changed_on_its_way_is_one(
    fake: FakeUpstream, tiers: Tiers, status: int
) -> None:
    tier = tiers(fake.url, model=f"answers_with:{status}")
    assert (await ask(tier)).text == TEXT
    assert fake.count == 1


@contextmanager
def no_file_left() -> Iterator[None]:
    """Lets this process open no further file within the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = [os.dup(0)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare[0] + 1, hard))
    try:
        with suppress(OSError):
            while True:  # ends at the limit
                spare.append(os.dup(0))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in spare:
            os.close(descriptor)


async def test_no_upstream_is_at_fault_where_we_may_open_no_file(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    tier = tiers(fake.url, retries=0, breaker_failures=1)
    with no_file_left(), pytest.raises(UpstreamUnreachable, match="ulimit -n"):
        await ask(tier)
    assert (await ask(tier)).text == TEXT
    assert fake.count == 1


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
    [
        "status:400",
        "status:401",
        "status:504",
        "status:524",
        "quota",
        "quota-in-pieces",
        "html",
        "reset",
        "garbage",
    ],
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


async def ask_again(tier: UpstreamTier, sent_before: str) -> Answer:
    """Asks as for a client that says how often it sent the request before."""
    first = work()
    request = replace(first.request, repeated=is_repeated({RETRY_COUNT: sent_before}))
    return await tier.answer(replace(first, request=request), no_call)


@pytest.mark.parametrize(("sent_before", "calls"), [("0", 2), ("1", 1), ("2", 1)])
async def test_one_replica_is_asked_once_for_what_a_client_repeats(
    fake: FakeUpstream, tiers: Tiers, sent_before: str, calls: int
) -> None:
    """The client asks again by itself, so its tries and ours would multiply."""
    with pytest.raises(UpstreamError):
        await ask_again(tiers(fake.url, model="status:503"), sent_before)
    assert fake.count == calls


@pytest.mark.parametrize(("status", "sent_before", "state"), [
    (500, "1", AnswererState.READY),
    (500, "0", AnswererState.OPEN_BREAKER),
    (503, "1", AnswererState.OPEN_BREAKER),
])  # fmt: skip
async def test_a_request_that_breaks_its_model_again_does_not_open_the_breaker(
    fake: FakeUpstream, tiers: Tiers, status: int, sent_before: str, state: AnswererState
) -> None:
    """A client that repeats one request would take the model from everybody."""
    tier = tiers(fake.url, model=f"status:{status}", retries=0, breaker_failures=2)
    for _ in range(3):
        with pytest.raises((UpstreamError, AnswererNotReady)):
            await ask_again(tier, sent_before)
    assert tier.status().state is state


async def ask_as(tier: UpstreamTier, key_id: str) -> Answer:
    return await tier.answer(replace(work(), key_id=key_id), no_call)


async def test_requests_of_one_key_that_break_a_model_leave_it_to_other_keys(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    tier = tiers(fake.url, model="answer", retries=0, breaker_failures=2)
    fake.behaviour = "status:500"
    for _ in range(2):
        with pytest.raises(UpstreamError):
            await ask_as(tier, "key_a")
    with pytest.raises(AnswererNotReady, match="of this key"):
        await ask_as(tier, "key_a")
    fake.behaviour = ""
    assert (await ask_as(tier, "key_b")).text == TEXT


async def test_another_replica_answers_what_a_client_repeats(tiers: Tiers) -> None:
    async with FakeUpstream() as bad, FakeUpstream() as good:
        bad.behaviour = "status:503"
        tier = tiers(bad.url, good.url)
        assert (await ask_again(tier, "1")).text == TEXT
    assert (bad.count, good.count) == (1, 1)


async def test_upstream_that_forbids_a_retry_is_asked_once(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    with pytest.raises(UpstreamRateLimited) as caught:
        await ask(tiers(fake.url, model="final:429"))
    assert caught.value.final
    assert fake.count == 1


async def test_resting_upstream_is_not_asked(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="rate-limited:30")
    for _ in range(2):
        with pytest.raises(UpstreamRateLimited) as caught:
            await ask(tier)
    assert fake.count == 1
    assert not caught.value.sent


async def test_upstream_rests_as_long_as_geminis_body_says(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    tier = tiers(fake.url, model="gemini-limited:30")
    for _ in range(2):
        with pytest.raises(UpstreamRateLimited) as caught:
            await ask(tier)
    assert fake.count == 1
    assert 29 < caught.value.retry_after_s <= 30


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
    with pytest.raises(AnswererNotReady) as refused:
        await ask(tier)
    assert 0 < (refused.value.retry_after_s or 0) <= 60
    assert fake.count == 2
    fake.behaviour = None
    clock.ahead_ms = 60_000.0
    assert (await ask(tier)).text == TEXT
    assert tier.status().state is AnswererState.READY


async def test_a_replica_whose_key_is_refused_is_out_of_use_until_the_key_works(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    clock = AheadClock()
    tier = tiers(fake.url, clock=clock, breaker_reset_s=60)
    fake.behaviour = "status:401"
    with pytest.raises(UpstreamRejected):
        await ask(tier)
    assert tier.status().state is AnswererState.KEY_REFUSED
    assert f"{fake.host}:{fake.port} refuses our key" in tier.status().detail
    assert not tier.status().may_be_called
    with pytest.raises(AnswererNotReady):
        await ask(tier)
    clock.ahead_ms = 60_000.0
    assert tier.status().state is AnswererState.KEY_REFUSED
    assert tier.status().may_be_called
    with pytest.raises(UpstreamRejected):
        await ask(tier)
    assert fake.count == 2
    fake.behaviour = None
    clock.ahead_ms = 120_000.0
    assert (await ask(tier)).text == TEXT
    assert tier.status() == AnswererStatus(AnswererState.READY)


async def test_a_403_may_be_of_one_request_so_several_in_a_row_take_a_replica_out(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    tier = tiers(fake.url, breaker_failures=3)
    fake.behaviour = "status:403"
    for _ in range(2):
        with pytest.raises(UpstreamRejected):
            await ask(tier)
    assert tier.status().state is AnswererState.READY
    with pytest.raises(UpstreamRejected):
        await ask(tier)
    assert tier.status().state is AnswererState.KEY_REFUSED


async def test_another_replica_answers_where_one_refuses_the_key(tiers: Tiers) -> None:
    async with FakeUpstream() as revoked, FakeUpstream() as good:
        revoked.behaviour = "status:401"
        tier = tiers(revoked.url, good.url)
        for _ in range(4):
            assert (await ask(tier)).text == TEXT
        assert (revoked.count, good.count) == (1, 4)
        assert tier.status().state is AnswererState.READY
        assert (
            f"{revoked.host}:{revoked.port} refuses our key; its calls go to the other"
            in tier.status().detail
        )


async def test_hanging_upstream_opens_the_breaker(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="hang", breaker_failures=1, breaker_reset_s=60, deadline_s=0.1)
    with pytest.raises(DeadlineExceeded):
        await ask(tier)
    assert tier.status().state is AnswererState.OPEN_BREAKER


@pytest.mark.parametrize("how", [ask, ask_stream])
async def test_deadline_of_a_client_does_not_open_the_breaker(
    fake: FakeUpstream, tiers: Tiers, how: object
) -> None:
    """Some clients with little time would take the answerer from all others."""
    assert callable(how)
    tier = tiers(fake.url, model="hang", breaker_failures=1, breaker_reset_s=60)
    with pytest.raises(DeadlineExceeded):
        await how(tier, 0.1)
    assert tier.status().state is AnswererState.READY


@pytest.mark.parametrize(
    ("model", "how"), [("endless", ask_stream), ("huge-line", ask_stream), ("huge-body", ask)]
)
async def test_answer_without_end_does_not_open_the_breaker(
    fake: FakeUpstream, tiers: Tiers, model: str, how: Callable[..., Awaitable[object]]
) -> None:
    tier = tiers(fake.url, model=model, breaker_failures=1, breaker_reset_s=60)
    with pytest.raises(UpstreamTooMuch):
        await how(tier)
    assert tier.status().state is AnswererState.READY


@pytest.mark.parametrize("how", [ask, ask_stream])
async def test_error_that_a_request_caused_does_not_open_the_breaker(
    fake: FakeUpstream, tiers: Tiers, how: object
) -> None:
    assert callable(how)
    tier = tiers(fake.url, model="error-object", breaker_failures=1, breaker_reset_s=60)
    with pytest.raises(UpstreamRejected):
        await how(tier)
    assert tier.status().state is AnswererState.READY


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


@pytest.mark.parametrize("how", [ask, ask_stream])
async def test_page_for_people_opens_the_breaker_at_once(
    fake: FakeUpstream, tiers: Tiers, how: Callable[..., Awaitable[object]]
) -> None:
    """The next call would get it too, and each one counts at its worst case."""
    tier = tiers(fake.url, model="html", breaker_failures=5)
    with pytest.raises(UpstreamPage) as caught:
        await how(tier)
    assert "check the answerer's base_urls" in caught.value.noted
    assert "base_urls" not in caught.value.told
    assert tier.status().state == "open_breaker"
    with pytest.raises(AnswererNotReady):
        await how(tier)
    assert fake.count == 1
