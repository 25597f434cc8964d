"""Tests the events of the remote tier: failures with their place, breakers that turn."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from router.errors import AnswererError, UpstreamRejected
from router.types import BreakerTurned, CallFailed
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.kits.upstreams.upstream_tier_kit import AheadClock, Tiers, ask, ask_stream
from tests.kits.upstreams.upstream_wire import TEXT
from tiers.resilience.refusals import Asked, error_for_status


@pytest.mark.parametrize("how", [ask, ask_stream])
@pytest.mark.parametrize(
    "model", ["status:500", "status:401", "html", "reset", "cut", "garbage", "rate-limited:30"]
)
async def test_failure_names_the_host_of_its_replica(
    fake: FakeUpstream, tiers: Tiers, model: str, how: object
) -> None:
    assert callable(how)
    with pytest.raises(AnswererError) as caught:
        await how(tiers(fake.url, model=model, retries=0))
    assert caught.value.host == urlsplit(fake.url).netloc


@pytest.mark.parametrize("how", [ask, ask_stream])
async def test_call_that_takes_too_long_names_the_host_of_its_replica(
    fake: FakeUpstream, tiers: Tiers, how: object
) -> None:
    assert callable(how)
    with pytest.raises(AnswererError) as caught:
        await how(tiers(fake.url, model="hang"), 0.1)
    assert caught.value.host == urlsplit(fake.url).netloc


async def test_replica_that_cannot_be_reached_is_named(tiers: Tiers) -> None:
    with pytest.raises(AnswererError) as caught:
        await ask(tiers("http://127.0.0.1:9/v1", retries=0))
    assert caught.value.host == "127.0.0.1:9"


async def test_failure_that_is_tried_again_is_told(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers("http://127.0.0.1:9/v1", fake.url)
    assert (await ask(tier)).text == TEXT
    (event,) = tiers.listener.events
    here = urlsplit(fake.url).netloc
    assert event == CallFailed(
        answerer="up",
        host="127.0.0.1:9",
        status=None,
        code="upstream_unreachable",
        next=f"tried again at {here}",
        retried=True,
        request_id="req-1",
        reason="up cannot be reached (connection refused).",
    )


async def test_breaker_is_told_when_it_opens(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="status:500", retries=0, breaker_failures=2)
    for _ in range(2):
        with pytest.raises(AnswererError):
            await ask(tier)
    assert tiers.listener.events == [BreakerTurned("up", urlsplit(fake.url).netloc, True, 10.0)]


async def test_breaker_is_told_when_it_closes(fake: FakeUpstream, tiers: Tiers) -> None:
    clock = AheadClock()
    tier = tiers(fake.url, model="flaky:1", retries=0, breaker_failures=1, clock=clock)
    with pytest.raises(AnswererError):
        await ask(tier)
    clock.ahead_ms = 10_001.0
    assert (await ask(tier)).text == TEXT
    assert [e.open for e in tiers.listener.events if isinstance(e, BreakerTurned)] == [True, False]


async def test_probe_that_fails_is_no_turn_of_the_breaker(fake: FakeUpstream, tiers: Tiers) -> None:
    clock = AheadClock()
    tier = tiers(fake.url, model="status:500", retries=0, breaker_failures=1, clock=clock)
    for clock.ahead_ms in (0.0, 10_001.0):
        with pytest.raises(AnswererError):
            await ask(tier)
    assert len(tiers.listener.events) == 1


async def test_replica_that_refuses_our_key_is_told_as_such(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    with pytest.raises(AnswererError):
        await ask(tiers(fake.url, model="status:401", retries=0))
    host = urlsplit(fake.url).netloc
    assert tiers.listener.events == [BreakerTurned("up", host, True, 10.0, key_refused=True)]


async def test_address_without_v1_is_named_with_what_is_missing(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await ask(tiers(fake.url.removesuffix("/v1")))
    assert "upstream of up has nothing at the address" in caught.value.message
    assert caught.value.url == f"{fake.url.removesuffix('/v1')}/chat/completions"
    assert "may lack `/v1`" in caught.value.noted


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("https://h/chat/completions", None, "may lack `/v1`"),
        (
            "https://h/v1/chat/completions",
            None,
            "Check the answerer's base_urls, and that it knows",
        ),
        ("https://h/v1beta/openai/chat/completions", None, "Check the answerer's base_urls"),
        ("https://h/v1/chat/completions", "model_not_found", "does not know the model 'm-1'"),
    ],
)
def test_404_says_what_is_likely_wrong(url: str, code: str | None, said: str) -> None:
    error = error_for_status(404, code, None, Asked("mid", "m-1", url))
    assert said in error.noted
    assert said not in error.told  # no client can change a policy
    assert "base_urls" not in error.told
    assert "mid" in error.message
    assert (error.upstream_status, error.status) == (404, 502)
