"""Tests when a stream ends: after all its time, or where nothing comes for too long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import orjson
import pytest

from router.errors import DeadlineExceeded
from router.types import Delta
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.changed import replace
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.kits.upstreams.upstream_behaviours import PASSAGE
from tests.kits.upstreams.upstream_kit import eventually, facts, work
from tests.kits.upstreams.upstream_tier_kit import Tiers, ask, ask_stream
from tests.kits.upstreams.upstream_wire import TEXT, completion
from tiers.resilience.call_ends import CallEnds
from tiers.upstream.answerer import UpstreamTier

CALMED = {"deadline_s": 3600, "breaker_failures": 1}


class Limits:
    deadline_s = 600.0
    idle_s = 60.0

    def __init__(self, first_byte_s: float | None = None) -> None:
        self.first_byte_s = first_byte_s


def ends_of(*, thinks: bool, left_s: float = 1e6, first_byte_s: float | None = None) -> CallEnds:
    asked, limits = replace(work(), deadline_at_ms=round(1000 * left_s)), Limits(first_byte_s)
    return CallEnds(asked, limits, StandingClock(0), replace(facts(), hides_reasoning=thinks))


async def test_healthy_stream_may_take_longer_than_a_silence(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    """Its bytes come one by one for several seconds, with two seconds of patience for each."""
    began = time.monotonic()
    assert await ask_stream(tiers(fake.url, model="drip:0.002", idle_s=2, deadline_s=3600))
    assert time.monotonic() - began > 2


async def test_silent_stream_ends_long_before_its_time(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="hang", idle_s=0.1, **CALMED)
    with pytest.raises(DeadlineExceeded, match=r"sent nothing of its answer for 0.1 s \(idle_s\)"):
        await ask_stream(tier)
    await eventually(lambda: fake.aborted == 1)
    assert tier.status().state == "open_breaker"


@pytest.mark.parametrize(
    ("model", "reported"),
    [("unended", True), ("unended:lost", True), ("unended:uncounted", False)],
)
async def test_an_answer_that_came_to_its_end_needs_no_end_of_its_stream(
    fake: FakeUpstream, tiers: Tiers, model: str, reported: bool
) -> None:
    tier = tiers(fake.url, model=model, idle_s=2, **CALMED)
    said, answer = await ask_stream(tier)
    assert (said, answer.text, answer.choices[0].finish_reason) == (TEXT, TEXT, "stop")
    assert answer.usage.reported is reported
    assert tier.status().state == "ready"


async def test_silence_ends_no_whole_answer(fake: FakeUpstream, tiers: Tiers) -> None:
    assert await ask(tiers(fake.url, model="slow:0.3", idle_s=0.1, deadline_s=3600))


async def test_model_that_thinks_may_be_silent_until_its_first_word() -> None:
    ends = ends_of(thinks=True)
    assert ends.next_bytes() == ends.last == ends.own
    ends.hear([Delta(reasoning="hm")])
    assert ends.next_bytes() == ends.last
    ends.hear([Delta(text="So")])
    assert ends.last - 541 < ends.next_bytes() < ends.last - 539


async def test_client_s_deadline_is_before_a_silence() -> None:
    ends = ends_of(thinks=False, left_s=30)
    assert ends.next_bytes() == ends.last < ends.own


@pytest.mark.parametrize("asked", [ask, ask_stream])
async def test_call_without_a_first_byte_ends_long_before_its_time(
    fake: FakeUpstream, tiers: Tiers, asked: Callable[[UpstreamTier], Awaitable[object]]
) -> None:
    tier = tiers(fake.url, model="slow:3600", first_byte_s=0.1, **CALMED)
    with pytest.raises(DeadlineExceeded, match=r"no byte of an answer within 0.1 s \(first_byte_s"):
        await asked(tier)
    await eventually(lambda: fake.aborted == 1)
    assert tier.status().state == "open_breaker"


@pytest.mark.parametrize(
    ("model", "limits", "key"),
    [
        ("slow:3600", {"first_byte_s": 0.1}, "first_byte_s"),
        ("hang", {"idle_s": 0.1}, "idle_s"),
    ],
)
async def test_silence_is_told_with_what_to_do(
    fake: FakeUpstream, tiers: Tiers, model: str, limits: dict[str, float], key: str
) -> None:
    with pytest.raises(DeadlineExceeded) as caught:
        await ask_stream(tiers(fake.url, model=model, **limits, **CALMED))
    advice = f"Ask again; if the model is often silent for so long, raise {key} in the policy."
    assert caught.value.told.endswith(f"({key}). {advice}")


async def test_call_out_of_time_is_told_with_what_to_do() -> None:
    told = ends_of(thinks=False).too_late().told
    assert "Allow more time (deadline_s in the policy, deadline_ms in the request)" in told


async def test_first_byte_lets_a_whole_answer_take_its_time(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    """It is asked for as a stream, whose first byte comes at once and whose last after 3 s."""
    answer = await ask(tiers(fake.url, model="paced:0,0.1,30", first_byte_s=2, deadline_s=3600))
    assert answer.choices[0].text.split() == PASSAGE[:30]
    assert fake.seen[0].fields["stream"] is True


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ignores `stream`, and sends a blank each quarter of a second for longer than the bound."""
    await reader.readuntil(b"\r\n\r\n")
    body = orjson.dumps(completion())
    blanks = 10
    head = f"content-type: application/json\r\ncontent-length: {len(body) + blanks}"
    writer.write(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
    for _ in range(blanks):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.25)
    writer.write(body)
    await writer.drain()
    writer.close()


async def test_any_byte_of_a_whole_body_ends_the_wait_for_the_first(tiers: Tiers) -> None:
    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        tier = tiers(f"http://127.0.0.1:{port}/v1", first_byte_s=2, deadline_s=3600)
        assert (await ask(tier)).text == TEXT


async def test_the_rest_of_a_whole_answer_has_all_the_time_of_the_call() -> None:
    ends = ends_of(thinks=False, first_byte_s=5)
    assert ends.next_bytes() < ends.last
    assert ends.whole() == ends.last == ends.own


async def test_tries_and_waits_of_ours_share_the_time_of_a_first_byte() -> None:
    ends = ends_of(thinks=True, first_byte_s=5)
    first = ends.next_bytes()
    assert first == ends.next_bytes() == ends.own < ends.last - 590
    ends.hear([])
    assert ends.next_bytes() == ends.last == ends.own


async def test_first_byte_may_take_longer_than_a_later_silence() -> None:
    ends = ends_of(thinks=False, first_byte_s=120)
    assert ends.last - 481 < ends.next_bytes() < ends.last - 479
    ends.hear([])
    assert ends.last - 541 < ends.next_bytes() < ends.last - 539
