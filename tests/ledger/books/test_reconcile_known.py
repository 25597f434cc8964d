"""A bill corrects a call of known cost where it is told to, by a row of its own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from router.analysis.prices.invoice import BillLine, compare
from router.api.compose.books import Books
from router.ledger.books.verify import verify
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.types import AttemptState, CostBasis, RequestState, Role
from tests.kits.books.ledger_rows import NOW_MS, attempt, cancelled, request
from tests.kits.books.ledger_sql import query
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace
from tests.kits.server_kit import tiergate
from tests.ledger.books.test_reconcile_estimates import own_costs, written

FAILED = replace(
    attempt("r2", cost=0, state=AttemptState.FAILED), cost_basis=CostBasis.NONE, upstream_id=""
)


@pytest.fixture
def books(address: str) -> str:
    """A settled call at 120 nano-dollars, and one that failed with a status at nothing."""
    failed = replace(cancelled(request("r2", FAILED)), state=RequestState.FAILED, verdict="")
    return written(address, request("r1", attempt("r1")), failed)


def reconciled(address: str, amounts: dict[str, int], *, rounding: int | None = 0) -> list[int]:
    """Returns the differences that were booked."""
    known = None if rounding is None else dict.fromkeys(amounts, rounding)
    with Books.open(address) as opened:
        settled, _ = opened.reconcile(amounts, None, by_upstream=True, rounding=known)
    return [one.difference_nano_usd for one in settled]


def test_known_cost_stays_unless_a_bill_may_correct_it(books: str) -> None:
    assert reconciled(books, {"chatcmpl-r1": 240}, rounding=None) == []
    assert reconciled(books, {"chatcmpl-r1": 240}) == [120]


def test_correction_of_a_known_cost_counts_in_budgets(books: str) -> None:
    reconciled(books, {"chatcmpl-r1": 240})
    assert dict(query(books, "SELECT kind, spent_nano_usd FROM budget_windows")) == {
        "day": 240,
        "month": 240,
    }
    verification = verify(books)
    assert (verification.findings, verification.cost_nano_usd) == ((), 240)


def test_a_known_cost_is_corrected_once(books: str) -> None:
    reconciled(books, {"chatcmpl-r1": 240})
    assert reconciled(books, {"chatcmpl-r1": 999}) == []


@pytest.mark.parametrize(("billed", "differences"), [(125, []), (126, [6])])
def test_an_amount_within_the_rounding_of_the_bill_agrees(
    books: str, billed: int, differences: list[int]
) -> None:
    assert reconciled(books, {"chatcmpl-r1": billed}, rounding=5) == differences


def test_correction_of_a_known_cost_lowers_what_its_request_saved(books: str) -> None:
    before = own_costs(books)["requested_model"]
    reconciled(books, {"chatcmpl-r1": 240})
    assert (before, own_costs(books)["requested_model"]) == (120, 240)


@pytest.mark.parametrize("billed", [120, 130, 170])
@pytest.mark.parametrize("corrected", [False, True])
def test_a_line_whose_id_several_calls_have_corrects_none(
    address: str, billed: int, corrected: bool
) -> None:
    other = replace(attempt("r2", cost=50), upstream_id="chatcmpl-r1")
    written(address, request("r1", attempt("r1")), request("r2", other))
    if corrected:
        with Books.open(address) as opened:
            opened.reconcile({"r1/1": 130}, None, by_upstream=False, rounding={})
    assert reconciled(address, {"chatcmpl-r1": billed}) == []


@pytest.mark.parametrize("estimated", [False, True])
async def test_a_call_that_ended_waits_for_its_request(
    address: str, ledgers: Ledgers, estimated: bool
) -> None:
    ledger, row = ledgers(address), request("r1", attempt("r1"))
    ended = replace(attempt("r1"), estimated=estimated)
    await ledger.hold(row, replace(ended, state=AttemptState.HELD))
    await ledger.settle(ended, row.tenant)

    def differences() -> list[int]:
        return reconciled(address, {"chatcmpl-r1": 240})

    waiting = await asyncio.to_thread(differences)
    await ledger.finish(replace(row, attempts=(ended,)))
    await ledger.close()
    assert (waiting, await asyncio.to_thread(differences)) == ([], [120])


def test_a_line_agrees_with_the_sum_of_the_calls_that_have_its_id(address: str) -> None:
    other = replace(attempt("r2", cost=50), upstream_id="chatcmpl-r1")
    written(address, request("r1", attempt("r1")), request("r2", other))
    with Books.open(address) as opened:
        bill = {"chatcmpl-r1": 170}
        _, refused = opened.reconcile(bill, None, by_upstream=True, rounding={})
    assert [(one.of_known_cost, one.booked_nano_usd) for one in refused] == [(True, 170)]


@pytest.mark.parametrize(
    "change",
    [
        {"cost_basis": CostBasis.OWN_COMPUTE},
        {"cost_basis": CostBasis.LIST_PRICE, "cost_nano_usd": 0},
        {"role": Role.CACHE},
    ],
)
def test_what_no_provider_bills_is_not_corrected(address: str, change: dict[str, object]) -> None:
    written(address, request("r1", replace(attempt("r1"), **change)))
    assert reconciled(address, {"chatcmpl-r1": 240}) == []


@pytest.mark.process
def test_a_failed_call_that_was_billed_is_booked_by_its_attempt(books: str) -> None:
    args = ("ledger", "reconcile", "-d", books, "--attempt", "r2/1", "--cost-usd", "0.0000002")
    refused = tiergate(*args)
    assert refused.returncode == 1
    assert "its cost is known, it is failed" in refused.stderr
    assert "--known corrects what is billed otherwise" in refused.stderr
    assert tiergate(*args, "--known").returncode == 0
    assert "it was reconciled before" in tiergate(*args, "--known").stderr
    assert verify(books).cost_nano_usd == 320
    database = Database.open(books)
    rows = list(reading.rows(database))
    database.close()
    day = datetime.fromtimestamp(NOW_MS / 1000, UTC).date()
    cell = compare([BillLine(day, "nano-1", 320, 0, calls=2)], rows).cells[0]
    assert (cell.booked.booked_nano_usd, cell.booked.failed_calls) == (320, 0)


@pytest.mark.process
def test_a_bill_corrects_known_costs_and_says_so(books: str, tmp_path: Path) -> None:
    bill = tmp_path / "bill.csv"
    bill.write_text("id,cost_usd\nchatcmpl-r1,0.000000240\n")
    run = tiergate("ledger", "reconcile", "-d", books, "--from", str(bill), "--known")
    assert run.returncode == 0, run.stderr
    assert "1 call settled; together they cost $0.00000012 more than they were" in run.stdout
    again = tiergate("ledger", "reconcile", "-d", books, "--from", str(bill), "--known")
    assert "1 call of known cost: billed as booked" in again.stdout


@pytest.mark.process
def test_known_without_an_amount_is_refused(books: str) -> None:
    run = tiergate("ledger", "reconcile", "-d", books, "--known")
    assert run.returncode == 2
    assert "--known goes with --attempt or --from" in run.stderr
