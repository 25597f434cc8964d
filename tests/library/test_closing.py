"""The end of a Gateway: once, from anywhere, with its calls."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from router import Gateway
from router.errors import GatewayClosed, TiergateError
from router.types import Delta, Outcome
from tests import ROOT
from tests.kits.library_kit import ASKED, POLICY, until, within
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.kits.upstreams.upstream_behaviours import PASSAGE

Opened = Callable[..., Gateway]


def used(gateway: Gateway) -> Gateway:
    within(30, lambda: gateway.complete(ASKED))
    return gateway


@pytest.mark.parametrize("answers", [True, False])
def test_a_second_close_does_nothing(opened: Opened, answers: bool) -> None:
    gateway = used(opened()) if answers else opened()
    with gateway:
        within(30, gateway.close)
    within(30, gateway.close)
    within(30, lambda: asyncio.run(gateway.aclose()))


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize(
    "call",
    [
        lambda gateway: gateway.complete(ASKED),
        lambda gateway: gateway.route(ASKED),
        lambda gateway: gateway.answerers(),
        lambda gateway: gateway.embed(["a"]),
        lambda gateway: gateway.__enter__(),
        lambda gateway: asyncio.run(gateway.__aenter__()),
        lambda gateway: asyncio.run(gateway.acomplete(ASKED)),
        lambda gateway: asyncio.run(anext(gateway.stream(ASKED))),
        lambda gateway: asyncio.run(gateway.asgi()({"type": "http", "path": "/"}, None, None)),
    ],
)
def test_a_call_after_close_says_that_it_is_closed(
    opened: Opened, answers: bool, call: Callable[[Gateway], object]
) -> None:
    gateway = used(opened()) if answers else opened()
    within(30, gateway.close)
    with pytest.raises(GatewayClosed, match="is closed"):
        within(30, lambda: call(gateway))


async def test_aclose_ends_a_gateway_that_answered_synchronously(opened: Opened) -> None:
    gateway = used(opened())
    async with gateway:
        assert (await gateway.acomplete(ASKED)).answer is not None
    with pytest.raises(GatewayClosed):
        await gateway.acomplete(ASKED)
    within(30, gateway.close)


def test_all_who_close_wait_for_the_end(opened: Opened, upstream: FakeUpstream) -> None:
    gateway = used(opened())
    upstream.behaviour = "slow:0.5"
    with ThreadPoolExecutor() as threads:
        calls = [threads.submit(gateway.complete, ASKED) for _ in range(2)]
        until(lambda: upstream.count == 3)
        closes = [threads.submit(gateway.close) for _ in range(3)]
        closes.append(threads.submit(asyncio.run, gateway.aclose()))
        for close in closes:
            close.result(30)
            assert all(call.done() for call in calls)
        assert all(call.result().answer is not None for call in calls)


def test_close_lets_running_calls_end(opened: Opened, upstream: FakeUpstream) -> None:
    gateway = used(opened())
    upstream.behaviour = "slow:1"
    with ThreadPoolExecutor() as threads:
        calls = [threads.submit(gateway.complete, ASKED) for _ in range(4)]
        until(lambda: upstream.count == 5)
        within(30, gateway.close)
        outcomes = [call.result(1) for call in calls]
    assert all(outcome.answer is not None for outcome in outcomes)


def test_close_ends_what_takes_longer_than_it_waits(opened: Opened, upstream: FakeUpstream) -> None:
    gateway = used(opened())
    upstream.behaviour = "slow:20"

    async def awaited() -> Outcome:
        return await gateway.acomplete(ASKED)

    with ThreadPoolExecutor() as threads:
        calls = [threads.submit(gateway.complete, ASKED), threads.submit(asyncio.run, awaited())]
        until(lambda: upstream.count == 3)
        began = time.monotonic()
        within(30, lambda: gateway.close(drain_s=0.5))
        assert 0.4 < time.monotonic() - began < 8
        for call in calls:
            with pytest.raises(GatewayClosed, match=r"closed .* before this answer was ready"):
                call.result(5)
    until(lambda: upstream.aborted == 2)


def test_close_refuses_a_call_that_comes_while_others_end(
    opened: Opened, upstream: FakeUpstream
) -> None:
    gateway = used(opened())
    upstream.behaviour = "slow:1"
    with ThreadPoolExecutor() as threads:
        running = threads.submit(gateway.complete, ASKED)
        until(lambda: upstream.count == 2)
        closing = threads.submit(gateway.close)
        until(lambda: gateway._closed)
        with pytest.raises(GatewayClosed):
            within(10, lambda: gateway.complete(ASKED))
        closing.result(30)
        assert running.result(1).answer is not None


def test_a_stream_that_is_read_ends_before_close_does(
    opened: Opened, upstream: FakeUpstream
) -> None:
    gateway = used(opened())
    upstream.behaviour = "paced:0.1,0.1,10"

    async def read() -> str:
        events = [event async for event in gateway.stream(ASKED)]
        return "".join(event.text for event in events if isinstance(event, Delta))

    with ThreadPoolExecutor() as threads:
        reading = threads.submit(asyncio.run, read())
        until(lambda: upstream.count == 2)
        within(30, gateway.close)
        assert reading.result(1).split() == PASSAGE[:10]


def test_a_stream_that_nobody_reads_does_not_hold_close_up(
    opened: Opened, upstream: FakeUpstream
) -> None:
    gateway = used(opened())
    upstream.behaviour = "paced:0.1,0.1,1000"

    async def left() -> None:
        async with gateway:
            events = gateway.stream(ASKED)
            await anext(events)

    began = time.monotonic()
    within(30, lambda: asyncio.run(left()))
    assert time.monotonic() - began < 10


def test_close_in_the_loop_of_a_stream_does_not_wait_for_it(
    opened: Opened, upstream: FakeUpstream
) -> None:
    gateway = used(opened())
    upstream.behaviour = "paced:0.1,0.1,1000"

    async def closing() -> None:
        reading = asyncio.ensure_future(anext_all(gateway))
        while upstream.count < 2:  # noqa: ASYNC110 - it runs in another loop
            await asyncio.sleep(0.02)
        gateway.close()
        with pytest.raises(GatewayClosed):
            await reading

    began = time.monotonic()
    within(30, lambda: asyncio.run(closing()))
    assert time.monotonic() - began < 10


async def anext_all(gateway: Gateway) -> None:
    async for _ in gateway.stream(ASKED):
        pass


def test_a_database_that_cannot_be_opened_is_told_to_each_call(
    opened: Opened, tmp_path: Path
) -> None:
    gateway = opened()
    (tmp_path / "ledger.db").mkdir()
    for _ in range(2):
        with pytest.raises(TiergateError):
            within(30, lambda: gateway.complete(ASKED))
    (tmp_path / "ledger.db").rmdir()
    assert within(30, lambda: gateway.complete(ASKED)).answer is not None
    within(30, gateway.close)


PROGRAM = """
import atexit, sys, threading
from router import Gateway
gateway = Gateway.from_policy(sys.argv[1], database=sys.argv[2], environ={})
END
print(gateway.complete("Explain how tides work.").answer.text)
"""


@pytest.mark.parametrize(
    "end", ["", "atexit.register(gateway.close)", "atexit.register(gateway.close); gateway.close()"]
)
def test_a_program_ends_with_a_gateway(tmp_path: Path, upstream: FakeUpstream, end: str) -> None:
    (tmp_path / "library.yaml").write_text(POLICY.format(url=upstream.url), "utf-8")
    code = PROGRAM.replace("END", end.partition("; ")[0]) + end.partition("; ")[2]
    command = [sys.executable, "-W", "default", "-c", code]
    files = [str(tmp_path / "library.yaml"), str(tmp_path / "ledger.db")]
    run = subprocess.run(
        [*command, *files], capture_output=True, text=True, timeout=60, cwd=ROOT, check=False
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stderr
    assert run.stdout.strip()


def test_an_interrupted_call_is_cancelled(opened: Opened, upstream: FakeUpstream) -> None:
    """As Ctrl-C does it: an exception comes into the thread that waits."""
    gateway = used(opened())
    upstream.behaviour = "slow:20"

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def press() -> None:
        until(lambda: upstream.count == 2)
        os.kill(os.getpid(), signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, interrupt)
    threading.Thread(target=press).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            gateway.complete(ASKED)
    finally:
        signal.signal(signal.SIGALRM, before)
    began = time.monotonic()
    within(30, gateway.close)
    assert time.monotonic() - began < 5
    until(lambda: upstream.aborted == 1)


def test_close_keeps_the_books_of_what_it_ends(
    opened: Opened, upstream: FakeUpstream, tmp_path: Path
) -> None:
    gateway = used(opened())
    upstream.behaviour = "slow:20"
    with ThreadPoolExecutor() as threads:
        call = threads.submit(gateway.complete, ASKED)
        until(lambda: upstream.count == 2)
        within(30, lambda: gateway.close(drain_s=0.1))
        with pytest.raises(GatewayClosed):
            call.result(5)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as database:
        states = database.execute("SELECT state, error_code FROM requests ORDER BY 1").fetchall()
    assert states == [("failed", "server_stopping"), ("settled", "")]
