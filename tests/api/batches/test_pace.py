"""Lines of a batch wait for live requests."""

from __future__ import annotations

import asyncio

import pytest

from router.api.batches.pace import YOUNG_MS, Pace, pause_after, pause_for_others
from tests.kits.books.ledger_rows import StandingClock


@pytest.mark.parametrize(("live", "slots"), [(0, 4), (1, 2), (30, 2)])
async def test_half_of_the_slots_are_used_beside_live_requests(live: int, slots: int) -> None:
    pace = Pace(StandingClock(10_000), lambda: 4, lambda: live, lambda: 0.0)
    held = 0
    async with asyncio.timeout(60):
        while pace.free:
            await pace.slot().__aenter__()
            held += 1
    assert held == slots


@pytest.mark.parametrize(("age_ms", "young"), [(YOUNG_MS - 1, True), (YOUNG_MS, False)])
def test_a_live_request_is_young_for_a_moment(age_ms: float, young: bool) -> None:
    clock = StandingClock(10_000)
    began_s = (clock.at_ms - age_ms) / 1000
    assert Pace(clock, lambda: 4, lambda: 1, lambda: began_s).young is young
    assert not Pace(clock, lambda: 4, lambda: 0, lambda: began_s).young


@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [
        (200, {}, None),
        (404, {b"retry-after": b"3"}, None),
        (429, {b"retry-after": b"3"}, 3.0),
        (503, {}, 1.0),
        (429, {b"retry-after": b"900"}, 60.0),
        (429, {b"retry-after": b"3", b"x-should-retry": b"false"}, None),
        (503, {b"retry-after": b"Wed, 21 Oct 2026 07:28:00 GMT"}, 1.0),
    ],
)
def test_a_refusal_says_when_to_ask_again(
    status: int, headers: dict[bytes, bytes], pause: float | None
) -> None:
    assert pause_after(status, headers) == pause


@pytest.mark.parametrize(("left", "pause"), [(b"50", 0.0), (b"49", 5.0), (b"x", 0.0)])
def test_half_of_a_rate_is_left_to_others(left: bytes, pause: float) -> None:
    headers = {
        b"x-ratelimit-limit-requests": b"100",
        b"x-ratelimit-remaining-requests": left,
        b"x-ratelimit-reset-requests": b"10s",
    }
    assert pause_for_others(headers) == pause
