"""The remote tier against a server that is slow, refuses, drips, lies or breaks off."""

from __future__ import annotations

import asyncio
import inspect
import socket
import ssl

import httptools
import pytest

from router.errors import (
    AnswererError,
    DeadlineExceeded,
    Overloaded,
    StreamCut,
    UpstreamContentRefused,
    UpstreamError,
    UpstreamInvalid,
    UpstreamOverloaded,
    UpstreamPage,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTooLong,
    UpstreamTooMuch,
    UpstreamUnreachable,
)
from router.types import Delta
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.kits.upstreams.upstream_kit import eventually, no_call, work
from tests.kits.upstreams.upstream_tier_kit import Tiers, ask, ask_stream
from tests.kits.upstreams.upstream_wire import TEXT
from tiers.upstream import client_errors
from tiers.upstream.client_errors import FOREIGN, BadAddress, NotConnected, to_ours, why

WHOLE_FAULTS = [
    # behaviour, our error, whether a failed call may have been billed
    ("status:400", UpstreamTooLong, False),
    ("status:401", UpstreamRejected, False),
    ("status:402", UpstreamRateLimited, False),
    ("status:403", UpstreamRejected, False),
    ("status:404", UpstreamRejected, False),
    ("status:500", UpstreamError, False),
    ("status:206", UpstreamInvalid, False),
    ("rate-limited:30", UpstreamRateLimited, False),
    ("quota", UpstreamRateLimited, False),
    ("refused-and-held:429", UpstreamRateLimited, False),
    ("refused-and-held:503", UpstreamOverloaded, False),
    ("redirect", UpstreamInvalid, False),
    ("html", UpstreamPage, True),
    ("garbage", UpstreamInvalid, True),
    ("error-object", UpstreamContentRefused, True),
]
FAULTS = [
    *[(name, kind, billed, ask) for name, kind, billed in WHOLE_FAULTS],
    *[(name, kind, billed, ask_stream) for name, kind, billed in WHOLE_FAULTS],
    ("wrong-type", UpstreamInvalid, True, ask),
    ("not-json-type", UpstreamInvalid, True, ask),
    ("huge-body", UpstreamTooMuch, True, ask),
    ("cut", StreamCut, True, ask),
    ("reset", UpstreamUnreachable, True, ask),
    ("reset", UpstreamUnreachable, True, ask_stream),
    ("cut", StreamCut, True, ask_stream),
    ("no-finish", StreamCut, True, ask_stream),
    ("huge-line", UpstreamTooMuch, True, ask_stream),
    ("endless", UpstreamTooMuch, True, ask_stream),
    ("endless-comments", UpstreamTooMuch, True, ask_stream),
    ("error-event", UpstreamError, True, ask_stream),
    ("always-streams:cut", StreamCut, True, ask),
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


@pytest.mark.parametrize("model", ["surplus", "surplus:ignored"])
async def test_choices_that_nobody_asked_for_are_left_out(
    fake: FakeUpstream, tiers: Tiers, model: str
) -> None:
    tier = tiers(fake.url, model=model)
    assert [choice.text for choice in (await ask(tier)).choices] == [TEXT]
    text, answer = await ask_stream(tier)
    assert (text, [choice.text for choice in answer.choices]) == (TEXT, [TEXT])


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
    (first,) = await anext(deltas)
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
    assert (await ask(tier)).text == TEXT


async def test_no_more_calls_than_the_cap_run_at_one_time(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="hang", concurrency=2)
    tasks = [asyncio.create_task(ask(tier)) for _ in range(6)]
    await eventually(lambda: fake.count == 2)
    await asyncio.sleep(0.05)
    assert fake.count == 2
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_waiting_past_the_deadline_sends_nothing(fake: FakeUpstream, tiers: Tiers) -> None:
    tier = tiers(fake.url, model="hang", concurrency=1)
    first = asyncio.create_task(ask(tier, 3600.0))
    await eventually(lambda: fake.count == 1)
    with pytest.raises(Overloaded, match="no free slot in time"):
        await ask(tier, 0.05)
    assert fake.count == 1
    first.cancel()
    await asyncio.wait([first])


def foreign_classes() -> list[type[BaseException]]:
    found = {
        value
        for value in vars(client_errors).values()
        if inspect.isclass(value) and issubclass(value, client_errors.HttpFault)
    }
    lower = {TimeoutError, ConnectionResetError, ssl.SSLError, ssl.SSLCertVerificationError}
    return sorted({*found, *lower, socket.gaierror}, key=str)


@pytest.mark.parametrize("kind", foreign_classes(), ids=lambda kind: kind.__name__)
def test_no_error_of_the_client_is_left_unmapped(kind: type[BaseException]) -> None:
    assert issubclass(kind, FOREIGN)
    ours = to_ours(kind("its cause"))
    assert why(kind("its cause")) in ours.message
    if isinstance(ours, UpstreamError):
        assert ours.sent is not issubclass(kind, BadAddress | NotConnected)


def test_every_error_of_the_parser_is_caught_where_it_is_fed() -> None:
    found = {
        value
        for value in vars(httptools).values()
        if inspect.isclass(value) and issubclass(value, Exception)
    }
    caught = (httptools.HttpParserError, httptools.HttpParserUpgrade)
    assert all(issubclass(kind, caught) for kind in found)
