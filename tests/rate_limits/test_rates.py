"""Requests and tokens per minute: never more than a bucket has, nobody falsely refused, shared."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import RateLimited, RatesUnavailable
from router.money.budgets import Budgets, BudgetScope, Payer
from router.money.token_estimate import IMAGE_TOKENS
from router.policy.schema import BudgetSection, LimitSection
from router.rate_limits.gcra import DEBT_NS, MINUTE_NS, NEVER, admission, corrected
from router.rate_limits.limits import RequestRates, estimate
from router.rate_limits.stores import local as kept
from router.rate_limits.stores.local import SharedRates
from router.request.calls.rate_charges import admit, count_call, settle
from router.types import (
    AttemptState,
    ChatRequest,
    ContentPart,
    JsonText,
    Message,
    RateAsk,
    RateLimiter,
    ResponseFormat,
    Role,
    Sampling,
    StoreTurned,
    ToolSpec,
    Usage,
)
from tests import ROOT
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt
from tests.kits.changed import replace
from tests.kits.fakes import ask
from tests.kits.memory_rates import MemoryRates
from tests.kits.server_kit import COMMAND_S, Served, Upstream, write_policy
from tests.kits.upstreams.upstream_tier_kit import Listener

NOW = 1_000 * MINUTE_NS
Store = Callable[[StandingClock], RateLimiter]


def one(amount: int = 1, limit: int = 10, name: str = "requests", tenant: str = "acme") -> RateAsk:
    return RateAsk(tenant, name, "requests", limit, amount)


def test_one_of_ten_leaves_nine_and_is_back_in_six_seconds() -> None:
    after, taken = admission([NOW], [one()], NOW)
    assert after == [NOW + 6 * 1_000_000_000]
    (state,) = taken.states
    assert (state.limit, state.remaining, state.reset_ms) == (10, 9, 6_000)


def test_whole_minute_may_be_taken_at_once() -> None:
    after, taken = admission([NOW], [one(10)], NOW)
    assert (taken.refused, taken.states[0].remaining) == (None, 0)
    again, refused = admission(after, [one()], NOW)
    assert (again, refused.refused, refused.retry_ms) == (after, 0, 6_000)


@pytest.mark.parametrize(("waited_ms", "admitted"), [(5_999, False), (6_000, True)])
def test_refused_one_is_admitted_when_it_was_told(waited_ms: int, admitted: bool) -> None:
    full, _ = admission([NOW], [one(10)], NOW)
    _, taken = admission(full, [one()], NOW + waited_ms * 1_000_000)
    assert (taken.refused is None) is admitted


def test_more_than_a_minute_has_is_never_admitted() -> None:
    _, taken = admission([NOW], [one(11)], NOW)
    assert (taken.refused, taken.retry_ms) == (0, NEVER)


def test_one_refusal_takes_from_none() -> None:
    full, _ = admission([NOW], [one(10)], NOW)
    after, taken = admission([NOW, *full], [one(1, 100), one()], NOW)
    assert (taken.refused, after) == (1, [NOW, *full])


def test_estimate_that_was_too_high_is_given_back() -> None:
    after, _ = admission([NOW], [one(8)], NOW)
    assert corrected(after[0], one(-6), NOW) == NOW + 2 * 6_000_000_000
    assert corrected(after[0], one(-100), NOW) == NOW


def test_debt_shuts_out_for_ten_minutes_at_most() -> None:
    """What calls used above their estimates was forgiven after a minute."""
    assert corrected(NOW, one(50), NOW) == NOW + 5 * MINUTE_NS
    assert corrected(NOW, one(1_000), NOW) == NOW + DEBT_NS == NOW + 11 * MINUTE_NS


def test_a_bucket_of_a_clock_that_went_back_is_empty_and_fills() -> None:
    full, taken = admission([NOW + 60 * MINUTE_NS], [one()], NOW)
    assert (full, taken.retry_ms) == ([NOW + MINUTE_NS], 6_000)


@given(
    limit=st.integers(1, 1_000_000),
    asked=st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 50)), max_size=40),
)
def test_bucket_is_that_of_exact_arithmetic(limit: int, asked: list[tuple[int, int]]) -> None:
    """Parity with a bucket counted in fractions: refusals agree, rounding may admit a trifle."""
    full_at, level, now = NOW, Fraction(limit), NOW
    for waited_ms, amount in asked:
        now += waited_ms * 1_000_000
        level = min(Fraction(limit), level + Fraction(waited_ms * limit, 60_000))
        (full_at, *_), taken = admission([full_at], [one(amount, limit)], now)
        slack = Fraction(len(asked) * limit, MINUTE_NS)
        if taken.refused is None:
            level -= amount
            assert level >= -slack
        else:
            assert level - amount < 0


@pytest.fixture
def store(tmp_path: Path) -> Store:
    def opened(clock: StandingClock) -> RateLimiter:
        return SharedRates(tmp_path / "l.db.rates", clock)

    return opened


async def test_ten_a_minute_are_ten(store: Store) -> None:
    limiter = store(StandingClock())
    admitted = [(await limiter.take([one()])).refused is None for _ in range(100)]
    assert sum(admitted) == 10


@pytest.mark.parametrize("limit", [1, 3, 7, 9, 11, 997, 10_007])
async def test_whole_minute_passes_one_by_one(store: Store, limit: int) -> None:
    limiter = store(StandingClock())
    asked = range(limit + 3)
    admitted = [(await limiter.take([one(1, limit)])).refused is None for _ in asked]
    assert sum(admitted) == limit


async def test_next_minute_is_whole_again(store: Store) -> None:
    limiter = store(clock := StandingClock())
    assert (await limiter.take([one(10)])).refused is None
    clock.at_ms += 59_999
    assert (await limiter.take([one(10)])).refused == 0
    clock.at_ms += 1
    assert (await limiter.take([one(10)])).refused is None


async def test_rates_of_tenants_and_names_are_apart(store: Store) -> None:
    limiter = store(StandingClock())
    for ask_ in (one(10), one(10, tenant="other"), one(10, name="tokens"), one(10, name="k\0")):
        assert (await limiter.take([ask_])).refused is None
        assert (await limiter.take([replace(ask_, amount=1)])).refused == 0


async def test_correction_is_kept(store: Store) -> None:
    limiter = store(StandingClock())
    await limiter.take([one(10)])
    await limiter.correct([one(-4)])
    assert (await limiter.take([one(4)])).refused is None
    await limiter.correct([one(5)])
    assert (await limiter.take([one(0)])).refused == 0


async def test_file_is_made_with_the_first_call(tmp_path: Path) -> None:
    path = tmp_path / "l.db.rates"
    limiter = SharedRates(path, StandingClock())
    assert not path.exists()
    await limiter.take([one()])
    assert path.stat().st_mode & 0o777 == 0o600
    await limiter.close()
    again = SharedRates(path, StandingClock())
    assert (await again.take([one()])).states[0].remaining == 8
    await again.close()


async def test_file_has_its_place_on_the_disk_from_the_beginning(tmp_path: Path) -> None:
    """A page that found none when a bucket is written would end the process."""
    for name, begun in (("new", b""), ("as-it-was-made-before", bytes(1))):
        path = tmp_path / name
        path.write_bytes(begun)
        limiter = SharedRates(path, StandingClock())
        await limiter.take([one()])
        await limiter.close()
        file = path.stat()
        assert 512 * file.st_blocks >= file.st_size >= kept.KEPT


async def test_a_file_that_was_cut_or_deleted_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "l.db.rates"
    limiter = SharedRates(path, StandingClock())
    for spoil in (lambda: os.truncate(path, 0), path.unlink):
        await limiter.take([one(10)])
        spoil()
        assert (await limiter.take([one(10)])).refused is None
        other = SharedRates(path, StandingClock())
        assert (await other.take([one()])).refused == 0
        await other.close()
        path.unlink()
    await limiter.close()


async def test_a_file_that_was_deleted_while_a_worker_waits_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lock = tmp_path / "l.db.rates", kept.fcntl.flock
    limiter, other = SharedRates(path, StandingClock()), SharedRates(path, StandingClock())
    await limiter.take([one()])

    def spoiled(descriptor: int, how: int) -> None:
        monkeypatch.setattr(kept.fcntl, "flock", lock)
        path.unlink()
        lock(descriptor, how)

    monkeypatch.setattr(kept.fcntl, "flock", spoiled)
    assert (await limiter.take([one(10)])).refused is None
    assert (await other.take([one()])).refused == 0
    await limiter.close()
    await other.close()


async def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RatesUnavailable, match="cannot keep rates"):
        await SharedRates(tmp_path / "none" / "l.db.rates", StandingClock()).take([one()])


async def test_file_that_cannot_be_made_is_told_once_until_it_is_back(tmp_path: Path) -> None:
    folder, log = tmp_path / "none", Listener()
    limiter = SharedRates(folder / "l.db.rates", StandingClock(), log)
    for _ in range(2):
        with pytest.raises(RatesUnavailable):
            await limiter.take([one()])
        await limiter.correct([one()])
    assert "No such file" in limiter.fault
    folder.mkdir()
    await limiter.take([one()])
    turns = [event.lost for event in log.events if isinstance(event, StoreTurned)]
    assert (limiter.fault, turns) == ("", [True, False])
    await limiter.close()


@pytest.mark.process
def test_server_says_why_it_counts_no_rates(tmp_path: Path) -> None:
    """The file has its place with the first request that is counted."""
    full = tmp_path / "full"
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url, budgets={"*": {"requests_per_minute": 100}})
        full.mkdir()
        with Served(tmp_path, policy, "--rates", str(full)) as served:
            refused = served.chat()
            ready = served.client.get("/readyz")
            assert "rates_lost" in served.output
            assert 'tiergate_store_up{store="rates"} 0.0' in served.client.get("/metrics").text
            full.rmdir()
            assert served.chat().status_code == 200
            assert "rates_back" in served.output
    assert (refused.status_code, ready.status_code) == (503, 200)
    assert refused.json()["error"]["message"].startswith("Rates cannot be counted now")
    assert ready.json()["rates"]["state"] == "failing"


@pytest.mark.slow
async def test_crowded_table_forgets_whoever_is_soonest_full(tmp_path: Path) -> None:
    """More buckets than slots: all are admitted, and the one in use to the end stays."""
    limiter = SharedRates(tmp_path / "l.db.rates", StandingClock())
    crowd = kept.KEPT // 4 * 5
    await limiter.take([one(10, tenant="heavy")])
    for i in range(crowd):
        assert (await limiter.take([one(1, tenant=f"t{i}")])).refused is None
    assert (await limiter.take([one(1, tenant="heavy")])).refused == 0
    await limiter.close()


@pytest.mark.process
def test_processes_share_the_file(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from router.rate_limits.stores.local import SharedRates\n"
        "from tests.kits.books.ledger_rows import StandingClock\n"
        "from tests.rate_limits.test_rates import one\n"
        "limiter = SharedRates(Path(sys.argv[1]), StandingClock())\n"
        "async def main():\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    taken = [await limiter.take([one(1, 1000)]) for _ in range(1000)]\n"
        "    print(sum(t.refused is None for t in taken), flush=True)\n"
        "asyncio.run(main())\n"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "l.db.rates")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    admitted = [int(worker.communicate(timeout=COMMAND_S)[0]) for worker in workers]
    assert sum(admitted) == 1000


@pytest.mark.parametrize(
    ("request_", "tokens"),
    [
        (ask("x", tools=(ToolSpec("a" * 5, "b" * 10, JsonText("{" * 24)),)), 10),
        (ask("x", response_format=ResponseFormat("json_schema", schema=JsonText("{" * 39))), 10),
        (ask("x", extra={"prediction": JsonText("y" * 39)}), 10),
        (
            ChatRequest(
                (Message("user", "x" * 40, parts=(ContentPart("image_url", JsonText("{}")),)),), "m"
            ),
            10 + IMAGE_TOKENS,
        ),
    ],
)
def test_estimate_counts_all_that_is_sent(request_: ChatRequest, tokens: int) -> None:
    """48 KB of tools counted nothing, and 268 times a limit went through."""
    assert estimate(request_) == tokens


def rated(budgets: Budgets, tenant: str = "acme", policy: str = "p") -> RequestRates:
    return RequestRates(MemoryRates(StandingClock(NOW_MS)), budgets, Payer(tenant, "k", policy))


def test_estimate_is_text_by_four_and_the_outputs_cap() -> None:
    request = ask("x" * 9, sampling=Sampling(max_output_tokens=100, n=2))
    assert estimate(request) == 3 + 200
    assert estimate(replace(request, messages=(Message("user", ""),), sampling=Sampling())) == 0


async def test_request_counts_at_every_limit_that_holds_for_it() -> None:
    limits = [LimitSection(key="*", requests_per_minute=5), LimitSection(tokens_per_minute=1_000)]
    rates = rated(Budgets({"*": BudgetSection(requests_per_minute=9)}, limits))
    await admit(rates, ask("x" * 40))
    found = [(state.unit, state.limit, state.remaining) for state in rates.states]
    assert found == [("requests", 9, 8), ("requests", 5, 4), ("tokens", 1_000, 990)]


async def test_refusal_names_whose_rate_and_when_to_try_again() -> None:
    rates = rated(Budgets({}, [LimitSection(key="*", requests_per_minute=1)]))
    await admit(rates, ask())
    with pytest.raises(
        RateLimited, match=r"for key 'k': 1 requests a minute.* in 60 s.*keeps"
    ) as refused:
        await admit(rates, ask())
    assert (refused.value.status, refused.value.code) == (429, "rate_limit_exceeded")
    assert (refused.value.type, refused.value.retry_after_ms) == ("requests", 60_000)


def test_a_scope_without_a_key_names_none() -> None:
    assert str(BudgetScope("local", "none")) == "tenant 'local', requests without a key"
    assert str(BudgetScope("acme", "key_1")) == "tenant 'acme', key 'key_1'"


async def test_request_that_never_fits_says_so() -> None:
    rates = rated(Budgets({}, [LimitSection(tokens_per_minute=10)]))
    with pytest.raises(RateLimited, match="may use 500 tokens; all requests may use 10") as refused:
        await admit(rates, ask("", sampling=Sampling(max_output_tokens=500)))
    assert refused.value.retry_after_ms == NEVER


async def test_refusal_names_the_cap_that_the_client_sent() -> None:
    rates = rated(Budgets({}, [LimitSection(tokens_per_minute=10)]))
    request = replace(ask("x" * 8, sampling=Sampling(max_output_tokens=500)), cap_key="max_tokens")
    with pytest.raises(
        RateLimited, match=r"Send `max_tokens` of at most 8\. Who keeps the gateway"
    ):
        await admit(rates, request)


async def test_estimate_is_never_above_what_any_answerer_gives() -> None:
    rates = replace(rated(Budgets({}, [LimitSection(tokens_per_minute=5_000)])), most_output=1_024)
    await admit(rates, ask("x" * 36, sampling=Sampling(max_output_tokens=9_000)))
    (state,) = rates.states
    assert state.remaining == 5_000 - 9 - 1_024


async def test_tokens_are_corrected_to_what_calls_used() -> None:
    limits = [LimitSection(tokens_per_minute=1_000), LimitSection(tier="*", tokens_per_minute=400)]
    rates = rated(Budgets({}, limits))
    request = ask("", sampling=Sampling(max_output_tokens=300))
    await admit(rates, request)
    await count_call(rates, "fast", request)
    with pytest.raises(RateLimited, match="tier 'fast'"):
        await count_call(rates, "fast", request)
    await count_call(rates, "deep", request)
    used = replace(attempt("r"), usage=Usage(100, output_tokens=50, reported=True))
    await settle(rates, [used])
    await admit(rates, ask("", sampling=Sampling(max_output_tokens=850)))
    await count_call(rates, "fast", ask("", sampling=Sampling(max_output_tokens=250)))
    await count_call(rates, "deep", ask("", sampling=Sampling(max_output_tokens=400)))
    with pytest.raises(RateLimited):
        await admit(rates, ask("", sampling=Sampling(max_output_tokens=1)))


@pytest.mark.parametrize("state", [AttemptState.CANCELLED, AttemptState.UNKNOWN_COST])
async def test_a_call_of_unknown_use_gives_no_tokens_back(state: AttemptState) -> None:
    rates = rated(Budgets({}, [LimitSection(tokens_per_minute=1_000)]))
    await admit(rates, ask("", sampling=Sampling(max_output_tokens=600)))
    draft = replace(attempt("r"), usage=Usage(100, output_tokens=50, reported=True))
    await settle(rates, [draft, replace(attempt("r"), state=state, usage=Usage())])
    with pytest.raises(RateLimited):
        await admit(rates, ask("", sampling=Sampling(max_output_tokens=401)))
    await admit(rates, ask("", sampling=Sampling(max_output_tokens=400)))


async def test_a_deliberations_tokens_count_once() -> None:
    limits = [LimitSection(tokens_per_minute=1_000), LimitSection(tier="*", tokens_per_minute=900)]
    rates = rated(Budgets({}, limits))
    await admit(rates, ask(""))
    await count_call(rates, "reasoning", ask(""))
    step = replace(attempt("r"), role=Role.DELIBERATION, tier="fast", usage=Usage(100, 0, 0, 100))
    frame = replace(attempt("r"), role=Role.ANSWER, tier="reasoning", usage=Usage(200, 0, 0, 200))
    await settle(rates, [frame, step, step])
    await admit(rates, ask("", sampling=Sampling(max_output_tokens=600)))
    await count_call(rates, "reasoning", ask("", sampling=Sampling(max_output_tokens=500)))
    with pytest.raises(RateLimited):
        await count_call(rates, "reasoning", ask("", sampling=Sampling(max_output_tokens=1)))


def test_limit_of_a_tier_counts_calls_and_not_requests() -> None:
    budgets = Budgets({}, [LimitSection(tier="deep", requests_per_minute=1)])
    assert budgets.rates(Payer("acme", "k", "p")) == ()
    assert len(budgets.rates(Payer("acme", "k", "p", "deep"))) == 1
    assert budgets.rates(Payer("acme", "k", "p", "other")) == ()
