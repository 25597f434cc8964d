"""Tests the events of calls that fail or are refused, and what they say happens next."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from router.errors import LedgerUnavailable, RateLimited, TiergateError, UpstreamError
from router.request.call_events import tell_unwritten
from router.types import (
    Answer,
    Call,
    CallFailed,
    CallRefused,
    Hints,
    ResponseFormat,
    RowUnwritten,
    Work,
)
from tests.kits.fakes import ALICE, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import RISKY, UNSURE, deep, drain, low, mid
from tests.kits.upstreams.upstream_tier_kit import Listener


def broken(status: int = 503) -> UpstreamError:
    error = UpstreamError("it failed", upstream_status=status)
    error.host = "gpu-1:8000"
    return error


async def told(houses: Houses, tiers: list[ScriptedTier], **sections: object) -> Listener:
    """Sends one request to a house over these tiers. Returns the listener with its events."""
    listener = Listener()
    house = houses(tiers, events=listener, **sections)
    with contextlib.suppress(TiergateError):
        await house.gateway.complete(ask(), ALICE)
    return listener


def other(**changes: object) -> ScriptedTier:
    return ScriptedTier("other", "llm", 2, **changes)


def failures(listener: Listener) -> list[CallFailed]:
    return [event for event in listener.events if isinstance(event, CallFailed)]


async def test_failure_says_which_rung_is_called_next(houses: Houses) -> None:
    listener = await told(houses, [mid(error=broken()), other()])
    (event,) = failures(listener)
    assert (event.answerer, event.host, event.status) == ("mid", "gpu-1:8000", 503)
    assert (event.code, event.next) == ("upstream_error", "goes on with other (tier llm)")


async def test_failure_of_the_last_rung_says_what_the_client_gets(houses: Houses) -> None:
    listener = await told(houses, [mid(error=broken()), other(error=broken())])
    assert [event.next for event in failures(listener)] == [
        "goes on with other (tier llm)",
        "the client gets 502 upstream_error",
    ]


async def test_failure_after_an_answer_says_that_the_answer_goes_out(houses: Houses) -> None:
    listener = await told(houses, [mid(p=0.2), other(error=broken())])
    assert [event.next for event in failures(listener)] == [
        "the answer of mid goes out, unverified"
    ]


async def test_stream_that_breaks_after_its_first_words_says_so(houses: Houses) -> None:
    listener = Listener()
    cut = mid(text="one two three", cut_after=2, error=broken())
    house = houses([cut], events=listener, verify_mid={"default": "none"})
    with pytest.raises(UpstreamError):
        await drain(house, ask(stream=True))
    assert [e.next for e in failures(listener)] == ["the stream breaks off with upstream_error"]


async def test_failure_of_a_deliberation_is_told_once(houses: Houses) -> None:
    thinker = deep(kind="deliberation", asks=("mid",), trusted=True)
    tiers = [low(), mid(error=broken()), thinker]
    listener = await told(houses, tiers, signals=RISKY)
    assert [event.answerer for event in failures(listener)] == ["mid"]


class Broken(ScriptedTier):
    """Fails with an error of its own at each call."""

    async def answer(self, work: Work, call: Call) -> Answer:
        raise broken()


class Thinker(ScriptedTier):
    """Asks two drafts at a time, and fails as the first did."""

    async def answer(self, work: Work, call: Call) -> Answer:
        drafts = [call("mid", work.request, work.role) for _ in range(2)]
        first, _ = await asyncio.gather(*drafts, return_exceptions=True)
        assert isinstance(first, UpstreamError)
        raise first


def thinking() -> list[ScriptedTier]:
    thinker = Thinker("deep", "reasoning", 3, kind="deliberation", asks=("mid",), trusted=True)
    return [low(), Broken("mid", "llm", 2), thinker]


async def test_a_deliberation_that_fails_as_an_earlier_draft_is_told_by_that(
    houses: Houses,
) -> None:
    listener = await told(houses, thinking(), signals=RISKY)
    assert [event.answerer for event in failures(listener)] == ["mid", "mid"]


async def test_the_error_names_the_deliberation_and_no_tier_that_had_no_turn(
    houses: Houses,
) -> None:
    house = houses(thinking(), signals=RISKY)
    with pytest.raises(UpstreamError) as raised:
        await house.gateway.complete(ask(response_format=ResponseFormat("json_object")), ALICE)
    assert raised.value.tried.startswith("Tried: deep of tier reasoning (upstream_error, 503). The")


async def test_request_that_is_answered_tells_of_nothing_but_its_row(houses: Houses) -> None:
    listener = await told(houses, [mid()])
    assert listener.events == []
    assert [row.answerer for row in listener.rows] == ["mid"]


async def test_request_that_fails_tells_its_row(houses: Houses) -> None:
    listener = await told(houses, [mid(error=broken())])
    assert [row.error_code for row in listener.rows] == ["upstream_error"]


async def test_refused_call_names_tenant_and_limit(houses: Houses) -> None:
    listener = await told(houses, [mid()], budgets={"acme": {"usd_per_day": 0.0001}})
    (event,) = listener.events
    assert isinstance(event, CallRefused)
    assert (event.tenant, event.key_id, event.answerer) == ("acme", "key-1", "mid")
    assert (event.code, event.limit) == ("insufficient_quota", "usd_per_day")
    assert (event.scope, event.hopeless) == ("tenant 'acme'", True)


async def test_request_beyond_its_rate_names_tenant_and_limit(houses: Houses) -> None:
    listener = Listener()
    limit = {"acme": {"requests_per_minute": 1}}
    house = houses([mid()], events=listener, budgets=limit)
    await house.gateway.complete(ask(), ALICE)
    with pytest.raises(RateLimited):
        await house.gateway.complete(ask(), ALICE)
    (event,) = listener.events
    assert isinstance(event, CallRefused)
    assert (event.tenant, event.limit, event.answerer) == ("acme", "requests_per_minute", "")
    assert not event.hopeless


async def test_call_beyond_the_clients_own_cap_is_told(houses: Houses) -> None:
    """Two answers would be compared; the second one costs too much."""
    listener = Listener()
    verify = {"default": "full", "self_consistency": 1}
    house = houses([mid()], signals=UNSURE, events=listener, verify_mid=verify)
    worst = house.gateway.router.default.plans[0].worst_case(ask(), UNSURE)
    await house.gateway.complete(ask(hints=Hints(max_cost_nano_usd=worst)), ALICE)
    assert [e.limit for e in listener.events if isinstance(e, CallRefused)] == ["max_cost_usd"]


@pytest.mark.parametrize(
    ("error", "code", "logged"),
    [
        (LedgerUnavailable("away"), "ledger_unavailable", 0),
        (ValueError("ours"), "internal_error", 1),
    ],
)
async def test_fault_of_our_own_in_the_background_keeps_its_traceback(
    error: Exception, code: str, logged: int
) -> None:
    async def fails() -> None:
        raise error

    seen: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: seen.append(context["exception"])
    )
    listener, task = Listener(), asyncio.ensure_future(fails())
    await asyncio.wait([task])
    tell_unwritten(listener, "r1", task)
    assert listener.events == [RowUnwritten("r1", code)]
    assert seen == [error] * logged
