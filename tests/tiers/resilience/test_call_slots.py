"""Tests how many calls may wait for an answerer's slots, and what the others are told."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import Overloaded
from router.types import Answer
from tests.kits.server_kit import ROUTINE, Served, Upstream, eventually, write_ladder
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.kits.upstreams.upstream_kit import eventually as eventually_here
from tests.kits.upstreams.upstream_tier_kit import Tiers, ask
from tiers.resilience.call_slots import PATIENCE, CallSlots, most_waiting


@pytest.fixture
async def tiers() -> AsyncIterator[Tiers]:
    made = Tiers()
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("concurrency", "service_s", "left_s", "most"),
    [
        (8, 2.0, 60.0, 8),  # the docstring's examples
        (8, 2.0, 4.0, 8),
        (8, 2.0, 3.0, 4),
        (8, 2.0, 2.0, 0),
        (8, 2.0, 1.0, 0),
        (8, None, 60.0, 8),
        (8, 0.0, 60.0, 8),
        (1, 1.0, 60.0, 1),
        (64, 0.5, 60.0, 64),
    ],
)
def test_as_many_wait_as_can_be_answered_in_time(
    concurrency: int, service_s: float | None, left_s: float, most: int
) -> None:
    assert most_waiting(concurrency, service_s, left_s) == most


@given(st.integers(1, 1_000), st.floats(0.001, 1_000), st.floats(0, 10_000))
def test_whoever_waits_has_its_answer_in_time(
    concurrency: int, service_s: float, left_s: float
) -> None:
    """The last of those that wait begins after `most` calls have ended, `concurrency` at a time."""
    most = most_waiting(concurrency, service_s, left_s)
    wait_s = most / concurrency * service_s
    assert wait_s <= PATIENCE * service_s * (1 + 1e-6) + 1e-9
    assert most == 0 or wait_s + service_s <= left_s * (1 + 1e-6) + 1e-6


async def test_slots_know_how_long_calls_take() -> None:
    slots = CallSlots("mid", 2)
    assert slots.service_s is None
    now = asyncio.get_running_loop().time
    began = now()

    async def call() -> float:
        await slots.take(began + 60.0)
        has_slot = now()
        await asyncio.sleep(0.02)
        took_s = now() - has_slot
        slots.release()
        return took_s

    taken = await asyncio.gather(*(call() for _ in range(4)))
    longest_s = 2 * (now() - began)  # both slots, all the time
    assert slots.service_s is not None
    assert sum(taken) <= 4 * slots.service_s * (1 + 1e-9) <= longest_s * (1 + 1e-6)


async def test_a_call_that_had_no_slot_in_time_was_not_sent() -> None:
    slots, loop = CallSlots("up", 1), asyncio.get_running_loop()
    await slots.take(loop.time() + 60.0)
    with pytest.raises(Overloaded, match="no free slot in time"):
        async with asyncio.timeout(0.1):  # whoever called is late by less than its own deadline
            await slots.take(loop.time() + 0.11)


async def test_a_call_whose_caller_ends_in_the_same_pass_of_the_loop_was_not_sent() -> None:
    slots, loop = CallSlots("up", 1, max_waiting=1), asyncio.get_running_loop()
    await slots.take(loop.time() + 60.0)

    async def call() -> None:
        ends_at = loop.time() + 0.1
        async with asyncio.timeout_at(ends_at):
            await slots.take(ends_at)

    waiting = asyncio.create_task(call())
    await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251  # the loop is busy, and both limits are due together
    with pytest.raises(Overloaded):
        await waiting
    with pytest.raises(Overloaded, match="no free slot in time"):  # its place is free again
        await slots.take(loop.time() + 0.02)


async def test_a_client_that_leaves_at_the_end_of_the_wait_ends_its_request() -> None:
    """Its request would go on to the next answerer otherwise, and spend money for nobody."""
    slots, loop = CallSlots("up", 1), asyncio.get_running_loop()
    await slots.take(loop.time() + 60.0)
    waiting = asyncio.create_task(slots.take(loop.time() + 0.1))
    await asyncio.sleep(0)
    time.sleep(0.06)  # noqa: ASYNC251  # the limit is due, and the loop has not seen it yet
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_client_that_leaves_while_its_call_waits_is_no_failure() -> None:
    slots, loop = CallSlots("up", 1), asyncio.get_running_loop()
    await slots.take(loop.time() + 60.0)
    waiting = asyncio.create_task(slots.take(loop.time() + 60.0))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_tenant_leaves_an_eighth_of_the_slots_to_others_who_ask() -> None:
    slots, ends_at = CallSlots("up", 64), asyncio.get_running_loop().time() + 60.0
    await slots.take(ends_at, "other")
    slots.release("other")
    for _ in range(56):
        await slots.take(ends_at, "greedy")
    waiting = asyncio.create_task(slots.take(ends_at, "greedy"))
    await asyncio.sleep(0)
    assert not waiting.done()
    await asyncio.wait_for(slots.take(ends_at, "other"), 1.0)  # at once
    slots.release("greedy")
    await asyncio.wait_for(waiting, 1.0)


async def test_a_tenant_who_is_alone_has_all_slots() -> None:
    slots, ends_at = CallSlots("up", 8), asyncio.get_running_loop().time() + 60.0
    for _ in range(8):
        await asyncio.wait_for(slots.take(ends_at, "alone"), 1.0)


async def test_a_free_slot_goes_to_the_tenant_who_has_the_fewest() -> None:
    slots, ends_at = CallSlots("up", 2), asyncio.get_running_loop().time() + 60.0
    for _ in range(2):
        await slots.take(ends_at, "first")
    came: list[str] = []

    async def call(tenant: str) -> None:
        await slots.take(ends_at, tenant)
        came.append(tenant)

    calls = [asyncio.create_task(call(tenant)) for tenant in ("first", "first", "second")]
    await asyncio.sleep(0)
    slots.release("first")
    await asyncio.sleep(0)
    assert came == ["second"]
    for task in calls:
        task.cancel()
    await asyncio.wait(calls)


async def test_a_full_queue_of_one_tenant_lets_another_one_wait() -> None:
    slots, ends_at = CallSlots("up", 1, max_waiting=2), asyncio.get_running_loop().time() + 60.0
    await slots.take(ends_at, "first")
    calls = [asyncio.create_task(slots.take(ends_at, "first")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="1 calls at one time, and 2 more wait"):
        await slots.take(ends_at, "first")
    other = asyncio.create_task(slots.take(ends_at, "second"))
    await asyncio.sleep(0)
    slots.release("first")
    await asyncio.wait_for(calls[0], 1.0)  # waited for longer, and has no slot any more either
    slots.release("first")
    await asyncio.wait_for(other, 1.0)
    for task in calls:
        task.cancel()
    await asyncio.wait(calls)


@pytest.mark.parametrize("tenants", [3, 4, 21])
async def test_twice_as_many_wait_of_all_tenants_as_of_one(tenants: int) -> None:
    slots, ends_at = CallSlots("up", 1, max_waiting=2), asyncio.get_running_loop().time() + 60.0
    await slots.take(ends_at, "busy")
    names = ["0", *map(str, range(tenants))]  # the first one has two calls
    calls = [asyncio.create_task(slots.take(ends_at, name)) for name in names]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    refused = [call for call in calls if call.done()]
    assert len(calls) - len(refused) == 4
    assert all(isinstance(call.exception(), Overloaded) for call in refused)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)


async def test_calls_with_little_time_left_wait_behind_another_tenants_full_queue() -> None:
    slots, now = CallSlots("up", 8), asyncio.get_running_loop().time()
    calls = [asyncio.create_task(slots.take(now + 60.0, "first")) for _ in range(16)]
    await asyncio.sleep(0)
    hurried = asyncio.create_task(slots.take(now + 1.0, "second"))
    await asyncio.sleep(0)
    slots.release("first")
    await asyncio.sleep(0)
    slots.release("first")
    await asyncio.wait_for(hurried, 1.0)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)


async def one_waiting() -> tuple[CallSlots, float, asyncio.Task[None]]:
    """Returns the only slot, which is taken, the end of all calls, and a call that waits."""
    slots, ends_at = CallSlots("up", 1), asyncio.get_running_loop().time() + 60.0
    await slots.take(ends_at)
    waiting = asyncio.create_task(slots.take(ends_at))
    await asyncio.sleep(0)
    return slots, ends_at, waiting


async def test_a_slot_that_comes_as_its_call_ends_goes_to_the_next_one() -> None:
    slots, ends_at, leaving = await one_waiting()
    slots.release()
    leaving.cancel()
    await asyncio.wait([leaving])
    await asyncio.wait_for(slots.take(ends_at), 1.0)


async def test_a_call_that_left_takes_no_slot() -> None:
    slots, ends_at, leaving = await one_waiting()
    leaving.cancel()
    slots.release()
    await asyncio.wait([leaving])
    for _ in range(2):
        await asyncio.wait_for(slots.take(ends_at), 1.0)
        slots.release()


async def test_calls_beyond_the_bound_are_refused_at_once(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="hang", concurrency=2)
    tasks = [asyncio.create_task(ask(tier, 3600.0)) for _ in range(2 + 2)]
    await eventually_here(lambda: fake.count == 2)
    with pytest.raises(Overloaded, match="2 calls at one time, and 2 more wait") as refused:
        await ask(tier, 3600.0)
    assert (refused.value.status, refused.value.retry_after_s) == (503, 2.0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@pytest.mark.parametrize(("most", "answered"), [(0, 1), (4, 5), (100, 15)])
async def test_the_bound_may_be_stated(
    fake: FakeUpstream, tiers: Tiers, most: int, answered: int
) -> None:
    tier = tiers(fake.url, model="slow:0.02", concurrency=1, max_waiting=most)
    found = await asyncio.gather(*[ask(tier) for _ in range(15)], return_exceptions=True)
    assert sum(isinstance(one, Answer) for one in found) == answered
    assert sum(isinstance(one, Overloaded) for one in found) == 15 - answered


@pytest.mark.process
@pytest.mark.parametrize("stream", [False, True])
def test_who_cannot_be_answered_in_time_gets_503_with_retry_after(
    tmp_path: Path, stream: bool
) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_ladder(tmp_path, "tested", upstream.url, "hang", concurrency=1)
        with Served(tmp_path, policy, "--max-waiting", "0") as served:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(
                    httpx.post, f"{served.url}/v1/chat/completions", json=ROUTINE, timeout=30
                )
                eventually(lambda: upstream.seen()["count"] == 1)
                response = served.chat(stream=stream)
                served.end(signal.SIGKILL)
            assert (response.status_code, response.json()["error"]["code"]) == (503, "overloaded")
            assert int(response.headers["retry-after"]) >= 1
            assert "--max-waiting" in response.json()["error"]["message"]
