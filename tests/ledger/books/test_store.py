"""The ledger over a real SQLite file: hold, settle, finish, read, and what goes wrong."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path

import pytest

from router.errors import LedgerError, LedgerFull, LedgerUnavailable
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.types import AttemptState, RequestState
from tests import ROOT
from tests.kits.books.ledger_rows import NOW_MS, attempt, cancelled, request
from tests.kits.books.ledger_sql import locked, query
from tests.kits.books.open_ledgers import Ledgers, requests_in
from tests.kits.changed import replace
from tests.kits.server_kit import COMMAND_S, environment
from tests.kits.upstreams.upstream_kit import eventually

Task = asyncio.Future[None]


@pytest.fixture
def ledger(address: str, ledgers: Ledgers) -> SqlLedger:
    return ledgers(address)


def windows(path: str) -> set[tuple[str, int, int]]:
    return set(query(path, "SELECT kind, spent_nano_usd, held_nano_usd FROM budget_windows"))


async def test_finished_row_reads_back_as_it_was_written(ledger: SqlLedger) -> None:
    row = request("r1", attempt("r1", 1, cost=100), attempt("r1", 2, cost=20))
    await ledger.finish(row)
    assert await ledger.get("r1", "acme") == row


async def test_another_tenant_does_not_see_the_row(ledger: SqlLedger) -> None:
    await ledger.finish(request("r1"))
    assert await ledger.get("r1", "other") is None


async def test_hold_leaves_an_open_row_with_its_worst_case(ledger: SqlLedger, address: str) -> None:
    await ledger.hold(request("r1"), attempt("r1", held=400))
    row = await ledger.get("r1", None)
    assert row is not None
    assert (row.state, row.attempts[0].state) == (RequestState.OPEN, AttemptState.HELD)
    assert windows(address) == {("day", 0, 400), ("month", 0, 400)}


async def test_settle_replaces_the_hold_by_the_cost(ledger: SqlLedger, address: str) -> None:
    await ledger.hold(request("r1"), attempt("r1", held=400))
    await ledger.settle(attempt("r1", cost=120), "acme")
    assert windows(address) == {("day", 120, 0), ("month", 120, 0)}


async def test_duplicates_change_nothing(ledger: SqlLedger, address: str) -> None:
    line = attempt("r1", cost=120)
    for _ in range(2):
        await ledger.hold(request("r1"), line)
    for _ in range(2):
        await ledger.settle(line, "acme")
    for _ in range(2):
        await ledger.finish(request("r1", line))
    await ledger.settle(replace(line, cost_nano_usd=999), "acme")
    await ledger.finish(request("r1", replace(line, cost_nano_usd=999)))
    assert windows(address) == {("day", 120, 0), ("month", 120, 0)}
    assert await ledger.get("r1", None) == request("r1", line)


async def test_operations_of_one_request_in_one_batch_see_each_other(
    ledger: SqlLedger, address: str
) -> None:
    line = attempt("r1", cost=120)
    await asyncio.gather(
        ledger.hold(request("r1"), line),
        ledger.settle(line, "acme"),
        ledger.finish(request("r1", line)),
        ledger.finish(request("r1", line)),
    )
    assert windows(address) == {("day", 120, 0), ("month", 120, 0)}


async def test_finish_after_cancellation_releases_the_hold(ledger: SqlLedger, address: str) -> None:
    await ledger.hold(request("r1"), attempt("r1", held=400))
    line = attempt("r1", cost=0, state=AttemptState.RELEASED)
    await ledger.finish(cancelled(request("r1", line)))
    assert windows(address) == {("day", 0, 0), ("month", 0, 0)}
    row = await ledger.get("r1", None)
    assert row is not None
    assert row.state is RequestState.CANCELLED


async def test_attempt_still_held_at_finish_counts_at_its_hold(ledger: SqlLedger) -> None:
    line = attempt("r1", held=400, state=AttemptState.HELD)
    await ledger.hold(request("r1"), line)
    await ledger.finish(cancelled(request("r1", line)))
    row = await ledger.get("r1", None)
    assert row is not None
    assert (row.cost_nano_usd, row.attempts[0].state) == (400, AttemptState.UNKNOWN_COST)


async def test_settled_attempt_that_finish_has_as_held_keeps_its_cost(ledger: SqlLedger) -> None:
    await ledger.hold(request("r1"), attempt("r1", held=400))
    await ledger.settle(attempt("r1", cost=120), "acme")
    await ledger.finish(cancelled(request("r1", attempt("r1", state=AttemptState.HELD))))
    row = await ledger.get("r1", None)
    assert row is not None
    assert row.cost_nano_usd == 120


async def test_attempt_that_finish_forgets_is_added(ledger: SqlLedger, address: str) -> None:
    await ledger.hold(request("r1"), attempt("r1", 1, held=400))
    await ledger.finish(request("r1", attempt("r1", 2, cost=5)))
    row = await ledger.get("r1", None)
    assert row is not None
    assert (row.cost_nano_usd, len(row.attempts)) == (405, 2)
    await ledger.close()
    assert verify(address).findings == ()


async def test_settling_what_was_never_held_is_refused(ledger: SqlLedger) -> None:
    with pytest.raises(LedgerError, match="never held"):
        await ledger.settle(attempt("r1"), "acme")


async def test_holding_for_a_finished_request_is_refused(ledger: SqlLedger) -> None:
    await ledger.finish(request("r1"))
    with pytest.raises(LedgerError, match="is finished"):
        await ledger.hold(request("r1"), attempt("r1", 9))


async def test_finishing_an_open_row_is_refused(ledger: SqlLedger) -> None:
    with pytest.raises(LedgerError, match="state is open"):
        await ledger.finish(replace(request("r1"), state=RequestState.OPEN))


@pytest.mark.parametrize(
    "spoilt",
    [
        replace(request("bad"), tier="\ud800"),
        replace(request("bad"), escalations=2**70),
        request("bad", attempt("bad", started_at_ms=2**62)),
        request("bad", attempt("bad"), attempt("bad")),
    ],
)
async def test_row_that_cannot_be_stored_spoils_no_other(ledger: SqlLedger, spoilt: object) -> None:
    good = [ledger.finish(request(f"r{number}")) for number in range(20)]
    outcomes = await asyncio.gather(
        *good,
        ledger.finish(spoilt),  # type: ignore[arg-type]
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None)] * 20 + [LedgerError]


async def test_hold_that_the_driver_refuses_spoils_no_other(ledger: SqlLedger) -> None:
    outcomes = await asyncio.gather(
        ledger.hold(request("r1"), attempt("r1")),
        ledger.hold(replace(request("r2"), tier="\ud800"), attempt("r2")),
        ledger.hold(request("r3"), attempt("r3")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), LedgerError, type(None)]


async def test_numbers_that_are_not_finite_are_recorded_as_zero(
    ledger: SqlLedger, address: str
) -> None:
    await ledger.finish(replace(request("r1"), confidence=float("nan"), latency_ms=float("inf")))
    row = await ledger.get("r1", None)
    assert row is not None
    assert (row.confidence, row.latency_ms) == (0.0, 0.0)
    await ledger.close()
    assert verify(address).findings == ()


async def queued(
    ledger: SqlLedger, *operations: Coroutine[None, None, None], waiting: int
) -> list[Task]:
    """Starts these, and lets them come so far that so many wait in the queue."""
    tasks = [asyncio.ensure_future(operation) for operation in operations]
    await asyncio.sleep(0)
    await eventually(lambda: ledger.writer.waiting == waiting)
    return tasks


async def test_full_queue_refuses_a_hold_at_once(address: str, ledgers: Ledgers) -> None:
    path = address
    ledger = ledgers(path, queue_size=4)
    with locked(path):
        first = await queued(ledger, ledger.hold(request("r0"), attempt("r0")), waiting=0)
        others = (ledger.hold(request(f"r{n}"), attempt(f"r{n}")) for n in range(1, 5))
        waiting = await queued(ledger, *others, waiting=4)
        with pytest.raises(LedgerFull):
            await ledger.hold(request("r5"), attempt("r5"))
    assert await asyncio.gather(*first, *waiting) == [None] * 5
    await ledger.hold(request("r5"), attempt("r5"))


async def test_full_queue_takes_what_follows_a_hold(address: str, ledgers: Ledgers) -> None:
    path = address
    ledger = ledgers(path, queue_size=4)
    lines = [attempt(f"r{n}", cost=0, state=AttemptState.RELEASED) for n in range(40)]
    for line in lines:
        await ledger.hold(request(line.request_id), line)
    with locked(path):
        first = await queued(ledger, ledger.settle(lines[0], "acme"), waiting=0)
        tasks = await queued(
            ledger,
            *(ledger.settle(line, "acme") for line in lines),
            *(ledger.finish(request(line.request_id, line)) for line in lines),
            waiting=80,
        )
    assert await asyncio.gather(*first, *tasks) == [None] * 81
    assert {row.state for row in requests_in(ledger)} == {RequestState.SETTLED}


async def test_rows_that_held_nothing_wait_for_room(address: str, ledgers: Ledgers) -> None:
    path = address
    ledger = ledgers(path, queue_size=4)
    with locked(path):
        first = await queued(ledger, ledger.hold(request("r"), attempt("r")), waiting=0)
        rows = (ledger.finish(request(f"r{n}")) for n in range(40))
        tasks = await queued(ledger, *rows, waiting=4)
    assert await asyncio.gather(*first, *tasks) == [None] * 41
    assert len(list(requests_in(ledger))) == 41


async def test_row_that_cost_money_without_a_hold_does_not_wait_for_room(
    address: str, ledgers: Ledgers
) -> None:
    path = address
    ledger = ledgers(path, queue_size=4)
    with locked(path):
        first = await queued(ledger, ledger.hold(request("r"), attempt("r")), waiting=0)
        rows = (ledger.finish(request(f"r{n}", attempt(f"r{n}"))) for n in range(40))
        tasks = await queued(ledger, *rows, waiting=40)
    assert await asyncio.gather(*first, *tasks) == [None] * 41


async def test_no_row_whose_money_was_spent_is_lost_to_an_unavailable_database(
    address: str, ledgers: Ledgers
) -> None:
    path = address
    ledger = ledgers(path, queue_size=150, busy_timeout_ms=20)
    finals = [request(f"r{n}", attempt(f"r{n}", held=400, cost=120)) for n in range(600)]
    for start in range(0, 600, 150):
        holds = (ledger.hold(row, row.attempts[0]) for row in finals[start : start + 150])
        await asyncio.gather(*holds)
    with locked(path):
        await asyncio.gather(*(ledger.finish(row) for row in finals))
    await ledger.close()
    report = verify(path)
    assert (report.findings, report.open_requests, report.rows) == ((), 0, 600)
    assert report.cost_nano_usd == 600 * 120


async def test_paid_answer_goes_out_although_its_row_is_owed(
    address: str, ledgers: Ledgers
) -> None:
    """Refused, its client would ask and pay again; its hold is in the books."""
    ledger = ledgers(address, busy_timeout_ms=20)
    paid = request("r1", attempt("r1", held=400, cost=120))
    await ledger.hold(paid, paid.attempts[0])
    with locked(address):
        await ledger.finish(paid)
        assert not ledger.healthy
    await ledger.close()
    report = verify(address)
    assert (report.findings, report.rows, report.cost_nano_usd) == ((), 1, 120)


async def test_ledger_whose_file_was_moved_refuses_until_it_is_back(
    tmp_path: Path, ledgers: Ledgers
) -> None:
    """Written on, the rows would be in a file that ends with the process."""
    path = tmp_path / "ledger.db"
    ledger = ledgers(path)
    await ledger.finish(request("r1", attempt("r1")))
    moved = path.rename(tmp_path / "moved.db")
    with pytest.raises(LedgerUnavailable, match="moved"):
        await ledger.hold(request("r2"), attempt("r2"))
    assert not ledger.healthy
    moved.rename(path)
    await eventually(lambda: ledger.healthy)
    await ledger.finish(request("r3", attempt("r3")))
    await ledger.close()
    assert (verify(path).findings, verify(path).rows) == ((), 2)


async def test_rows_that_held_nothing_are_owed_up_to_the_queues_size(
    address: str, ledgers: Ledgers
) -> None:
    path = address
    ledger = ledgers(path, queue_size=4, busy_timeout_ms=20)
    with locked(path):
        outcomes = await asyncio.gather(
            *(ledger.finish(request(f"r{n}")) for n in range(20)), return_exceptions=True
        )
    assert {type(outcome) for outcome in outcomes} == {LedgerUnavailable}
    await ledger.close()
    assert verify(path).rows == 4


async def test_locked_database_fails_the_waiters_and_the_final_row_is_written_later(
    address: str, ledgers: Ledgers
) -> None:
    path = address
    ledger = ledgers(path, busy_timeout_ms=50)
    with locked(path):
        with pytest.raises(LedgerUnavailable) as raised:
            await ledger.finish(request("r1", attempt("r1")))
        assert (raised.value.code, raised.value.status) == ("ledger_unavailable", 503)
        assert not ledger.healthy
    await ledger.finish(request("r2", attempt("r2")))
    assert ledger.healthy
    assert await ledger.get("r1", None) == request("r1", attempt("r1"))
    await ledger.close()
    assert verify(path).findings == ()


FULL_DISK = """
import asyncio, resource, sys
from tests.kits.changed import replace
from pathlib import Path
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.types import JsonText
from tests.kits.books.ledger_rows import StandingClock, attempt, request

async def main(path):
    ledger = SqlLedger.open(path, clock=StandingClock(), budget_of=lambda _: None)
    await ledger.hold(request("r1"), attempt("r1"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    record = JsonText(f'"{"x" * 2_000_000}"')
    big = replace(request("r1", attempt("r1")), record=record, domain="", request_type="")
    await ledger.finish(big)
    print(ledger.healthy)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await ledger.finish(request("r2", attempt("r2")))
    print(await ledger.get("r1", None) == big, ledger.healthy)
    await ledger.close()
    print(verify(path).findings)

asyncio.run(main(Path(sys.argv[1])))
"""


def test_row_of_a_full_disk_is_written_later(tmp_path: Path) -> None:
    # A limit on file sizes makes the operating system refuse the write, as a full disk does.
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "ledger.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )
    assert done.stdout.splitlines() == ["False", "True True", "()"], done.stderr


async def test_rows_stream_oldest_first_within_the_period(ledger: SqlLedger) -> None:
    await asyncio.gather(
        *(
            ledger.finish(replace(request(f"r{n:04d}", attempt(f"r{n:04d}")), created_at_ms=n))
            for n in range(1200)
        )
    )
    found = [row.request_id for row in requests_in(ledger, since_ms=100, until_ms=1100)]
    assert found == [f"r{n:04d}" for n in range(100, 1100)]
    assert [row.request_id for row in requests_in(ledger, since_ms=5, limit=2)] == [
        "r0005",
        "r0006",
    ]
    assert next(requests_in(ledger)).attempts == (attempt("r0000"),)
    assert list(requests_in(ledger, tenant="other")) == []


async def test_closed_ledger_refuses_politely(address: str, ledgers: Ledgers) -> None:
    ledger = ledgers(address)
    await ledger.close()
    await ledger.close()
    with pytest.raises(LedgerUnavailable, match="closed"):
        await ledger.finish(request("r1"))


async def test_chain_goes_on_after_a_restart(address: str, ledgers: Ledgers) -> None:
    for turn in range(3):
        ledger = ledgers(address)
        await ledger.finish(request(f"r{turn}", attempt(f"r{turn}")))
        await ledger.close()
    report = verify(address)
    assert (report.findings, report.rows, report.writers) == ((), 3, 1)


def test_ready_database_opens_without_importing_alembic(address: str, ledgers: Ledgers) -> None:
    ledgers(address).close_now()
    code = (
        "import sys\n"
        "from router.ledger.books.store import SqlLedger\n"
        "from tests.kits.books.ledger_rows import StandingClock\n"
        f"ledger = SqlLedger.open({address!r}, clock=StandingClock(), budget_of=lambda _: None)\n"
        "ledger.close_now()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), timeout=COMMAND_S, check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    "place", ["mysql://me:secret@localhost/x", "postgresql:/localhost/x", ":memory:", ""]
)
def test_other_databases_are_refused_by_name(place: str, ledgers: Ledgers) -> None:
    with pytest.raises(LedgerError, match="expected a file path") as raised:
        ledgers(place)
    assert "secret" not in raised.value.message


def test_file_that_is_no_database_is_refused(tmp_path: Path, ledgers: Ledgers) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(LedgerError, match="corrupt"):
        ledgers(str(tmp_path / "ledger.db"))


def test_folder_that_is_not_there_is_refused(tmp_path: Path, ledgers: Ledgers) -> None:
    with pytest.raises(LedgerError):
        ledgers(str(tmp_path / "nowhere" / "ledger.db"))


async def test_window_follows_the_attempts_start_in_utc(address: str, ledgers: Ledgers) -> None:
    ledger = ledgers(address)
    day = NOW_MS - NOW_MS % 86_400_000
    await ledger.finish(request("r1", attempt("r1", cost=1, started_at_ms=day - 1)))
    await ledger.finish(request("r2", attempt("r2", cost=2, started_at_ms=day)))
    await ledger.close()
    assert windows(address) == {("day", 1, 0), ("day", 2, 0), ("month", 3, 0)}
