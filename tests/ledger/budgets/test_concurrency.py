"""Budgets hold under concurrency: never passed, and nobody falsely refused."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from router.errors import BudgetExceeded
from router.ledger.books.reconcile import Settlement, correction, unknown_calls
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.budgets import unknown_spending
from router.money.budgets import Budgets
from router.policy.schema import BudgetSection
from router.types import AttemptState, RequestState
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace
from tests.kits.server_kit import environment

CENT = 10_000_000


def opened(ledgers: Ledgers, path: str, budget: BudgetSection) -> SqlLedger:
    return ledgers(path, budget_of=Budgets({"acme": budget}).money)


async def held(ledger: SqlLedger, request_id: str, nano_usd: int, tenant: str = "acme") -> bool:
    try:
        row = request(request_id, tenant=tenant)
        await ledger.hold(row, attempt(request_id, held=nano_usd))
    except BudgetExceeded:
        return False
    return True


@pytest.mark.parametrize("window", ["usd_per_day", "usd_per_month"])
async def test_hundred_concurrent_holds_on_a_budget_for_ten(
    address: str, window: str, ledgers: Ledgers
) -> None:
    ledger = opened(ledgers, address, BudgetSection(**{window: 0.10}))
    outcomes = await asyncio.gather(*(held(ledger, f"r{n}", CENT) for n in range(100)))
    assert sum(outcomes) == 10


@pytest.mark.process
def test_two_processes_share_one_budget(address: str, ledgers: Ledgers) -> None:
    path = address
    opened(ledgers, path, BudgetSection()).close_now()
    script = (
        "import asyncio, sys\n"
        "from contextlib import ExitStack\n"
        "from router.policy.schema import BudgetSection\n"
        "from tests.kits.books.open_ledgers import Ledgers\n"
        "from tests.ledger.budgets.test_concurrency import CENT, held, opened\n"
        "async def main():\n"
        "    ledgers = Ledgers(ExitStack())\n"  # the process ends with its ledger open
        "    ledger = opened(ledgers, sys.argv[1], BudgetSection(usd_per_day=0.10))\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    holds = [held(ledger, f'{sys.argv[2]}-{n}', CENT) for n in range(100)]\n"
        "    print(sum(await asyncio.gather(*holds)), flush=True)\n"
        "    sys.stdin.readline()\n"
        "asyncio.run(main())\n"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(path), name],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    admitted = 0
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        assert worker.stdout is not None
        admitted += int(worker.stdout.readline())
    for worker in workers:
        worker.communicate("end\n", timeout=120)
    assert admitted == 10


async def test_last_cent_is_not_refused(address: str, ledgers: Ledgers) -> None:
    ledger = opened(ledgers, address, BudgetSection(usd_per_day=0.02))
    assert await held(ledger, "r1", CENT)
    assert await held(ledger, "r2", CENT)
    assert not await held(ledger, "r3", 1)


async def test_settling_below_the_hold_gives_the_rest_back(address: str, ledgers: Ledgers) -> None:
    ledger = opened(ledgers, address, BudgetSection(usd_per_day=0.01))
    assert await held(ledger, "r1", CENT)
    await ledger.settle(attempt("r1", held=CENT, cost=CENT // 2), "acme")
    assert await held(ledger, "r2", CENT // 2)


async def test_refusal_says_what_is_spent_held_and_asked(address: str, ledgers: Ledgers) -> None:
    ledger = opened(ledgers, address, BudgetSection(usd_per_day=0.01))
    await ledger.finish(request("r0", attempt("r0", cost=CENT // 4)))
    await held(ledger, "r1", CENT // 2)
    with pytest.raises(
        BudgetExceeded, match=r"\$0\.0025 spent and \$0\.005 held .* leave \$0\.0025"
    ):
        await ledger.hold(request("r2"), attempt("r2", held=CENT))


@pytest.mark.parametrize(
    ("spent", "retry_after_s", "told"),
    [
        (CENT // 4, 1.0, "Try again when running calls have ended"),
        (CENT // 4 + 1, None, "It begins anew at 2026-11-19 00:00 UTC"),
    ],
)
async def test_refusal_is_worth_another_try_where_only_holds_are_in_the_way(
    address: str, ledgers: Ledgers, spent: int, retry_after_s: float | None, told: str
) -> None:
    ledger = opened(ledgers, address, BudgetSection(usd_per_day=0.01))
    await ledger.finish(request("r0", attempt("r0", cost=spent)))
    await held(ledger, "r1", CENT // 2)
    with pytest.raises(BudgetExceeded, match=told) as refused:
        await ledger.hold(request("r2"), attempt("r2", held=3 * CENT // 4))
    assert refused.value.retry_after_s == retry_after_s


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (CENT, "It begins anew at 2026-11-19 00:00 UTC; who keeps the gateway's policy may raise"),
        (2 * CENT, "Waiting does not help; who keeps the gateway's policy may raise"),
    ],
)
async def test_refusal_says_when_the_window_begins_anew(
    address: str, ledgers: Ledgers, asked: int, told: str
) -> None:
    ledger = opened(ledgers, address, BudgetSection(usd_per_day=0.01))
    await ledger.finish(request("r1", attempt("r1", cost=CENT)))
    with pytest.raises(BudgetExceeded) as refused:
        await ledger.hold(request("r2"), attempt("r2", held=asked))
    assert told in refused.value.message
    assert "leave $0.00, and" in refused.value.message
    assert refused.value.message.endswith("(`budgets`, `limits`).")


async def test_refused_hold_leaves_no_row(address: str, ledgers: Ledgers) -> None:
    ledger = opened(ledgers, address, BudgetSection(usd_per_day=0.01))
    assert not await held(ledger, "r1", 2 * CENT)
    assert await ledger.get("r1", None) is None


async def test_tenant_without_budget_is_not_limited_by_anothers(
    address: str, ledgers: Ledgers
) -> None:
    ledger = opened(ledgers, address, BudgetSection(usd_per_day=0.0))
    assert not await held(ledger, "r1", CENT)
    assert await held(ledger, "r2", 100 * CENT, tenant="free")


async def test_living_workers_requests_are_not_recovered(address: str, ledgers: Ledgers) -> None:
    path = address
    first = opened(ledgers, path, BudgetSection())
    await held(first, "r1", CENT)
    second = opened(ledgers, path, BudgetSection())
    row = await second.get("r1", None)
    assert row is not None
    assert (row.state, row.attempts[0].state) == (RequestState.OPEN, AttemptState.HELD)
    await asyncio.gather(
        first.finish(request("r1", attempt("r1"))), second.finish(request("r2", attempt("r2")))
    )
    await first.close()
    await second.close()
    report = verify(path)
    assert (report.findings, report.writers, report.rows) == ((), 2, 2)


async def test_refusal_says_what_of_the_spending_is_of_unknown_cost(
    address: str, ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that a bill has settled, and those of another day, are not among them."""
    monkeypatch.setattr(unknown_spending, "WAITS_S", 60.0)
    ledger = opened(ledgers, address, BudgetSection(usd_per_day=0.01))
    day_ms, unknown = 86_400_000, AttemptState.UNKNOWN_COST
    for name, at_ms, state in (
        ("r1", NOW_MS, unknown),
        ("r2", NOW_MS, unknown),
        ("r3", NOW_MS - day_ms, unknown),
        ("r4", NOW_MS, AttemptState.SETTLED),
    ):
        line = attempt(name, cost=CENT // 4, state=state, started_at_ms=at_ms)
        await ledger.finish(replace(request(name, line), created_at_ms=at_ms))
    for name in ("refused", "refused too"):  # the second one is told from memory
        with pytest.raises(BudgetExceeded) as refused:
            await ledger.hold(request(name), attempt(name, held=CENT))
        assert "$0.0075 spent" in refused.value.message
        assert "$0.005 is the worst case of 2 calls of unknown cost" in refused.value.message
        assert "`tiergate ledger reconcile`" in refused.value.message
    (first, *_) = [c for c in unknown_calls(ledger.database) if c.request_id == "r1"]
    await ledger.finish(correction(ledger.database, Settlement(first, 0), NOW_MS))
    ledger._unknown._known.clear()
    with pytest.raises(BudgetExceeded) as refused:
        await ledger.hold(request("r9"), attempt("r9", held=CENT))
    assert "$0.0025 is the worst case of 1 call of unknown cost" in refused.value.message
