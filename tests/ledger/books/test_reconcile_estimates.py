"""A call that was cut off is booked by an estimate, and a bill corrects it as an unknown one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from router.analysis.prices.reprice import reprice
from router.analysis.report.build import build_report
from router.api.compose.books import Books
from router.ledger.books.closed_months import close_month
from router.ledger.books.purge import purge
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.row_reading import Doubt, doubt_of
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.policy.schema import ReportSection
from router.types import (
    AttemptRow,
    AttemptState,
    Baselines,
    CostBasis,
    Price,
    RequestRow,
    Usage,
)
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, cancelled, request
from tests.kits.books.ledger_sql import query
from tests.kits.changed import replace
from tests.kits.server_kit import tiergate

OCTOBER = round(datetime(2026, 10, 20, tzinfo=UTC).timestamp() * 1000)
NOVEMBER = round(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)


def cut(name: str, at_ms: int = NOW_MS) -> RequestRow:
    """A stream that its client left: booked at 300 of the 400 nano-dollars that were held."""
    line = attempt(name, cost=300, state=AttemptState.CANCELLED, started_at_ms=at_ms)
    row = cancelled(request(name, replace(line, estimated=True)))
    return replace(row, created_at_ms=at_ms, finished_at_ms=at_ms + 7, verdict="")


def written(address: str, *rows: RequestRow) -> str:
    async def write() -> None:
        ledger = SqlLedger.open(address, clock=StandingClock(), budget_of=lambda _: None)
        for row in rows:
            await ledger.finish(row)
        await ledger.close()

    asyncio.run(write())
    return address


@pytest.fixture
def books(address: str) -> str:
    """A settled call at 120 nano-dollars, one that was cut at 300, one of unknown cost at 400."""
    unknown = replace(attempt("r3", cost=400, state=AttemptState.UNKNOWN_COST), estimated=True)
    return written(
        address, request("r1", attempt("r1")), cut("r2"), cancelled(request("r3", unknown))
    )


def settled(address: str, name: str, usd: str) -> None:
    run = tiergate("ledger", "reconcile", "-d", address, "--attempt", name, "--cost-usd", usd)
    assert run.returncode == 0, run.stdout + run.stderr


def test_estimated_call_is_listed_apart_from_the_unknown_one(books: str) -> None:
    said = tiergate("ledger", "reconcile", "-d", books).stdout
    assert "  estimated  acme  nano-1  $0.0000003  chatcmpl-r2" in said
    assert "1 call of unknown cost, booked at what was held: $0.0000004" in said
    assert (
        "\nSettle them by the provider's bill: --from BILL.csv (by upstream id), one call" in said
    )
    assert "provider wrote on after its reader left, booked at: $0.0000003" in said
    run = tiergate("ledger", "reconcile", "-d", books, "--json")
    assert [call["cost"] for call in json.loads(run.stdout)] == ["estimated", "unknown"]


@pytest.mark.process
def test_estimated_call_is_corrected_once_and_the_books_stay_whole(books: str) -> None:
    settled(books, "r2/1", "0.0000001")
    assert dict(query(books, "SELECT kind, spent_nano_usd FROM budget_windows")) == {
        "day": 120 + 100 + 400,
        "month": 120 + 100 + 400,
    }
    verification = verify(books)
    assert (verification.findings, verification.cost_nano_usd) == ((), 120 + 100 + 400)
    again = tiergate("ledger", "reconcile", "-d", books, "--attempt", "r2/1", "--cost-usd", "1")
    assert again.returncode == 1
    assert "it was reconciled before" in again.stderr
    assert "r2/1" not in tiergate("ledger", "reconcile", "-d", books).stdout


def test_correction_of_a_closed_month_stands_in_the_next_one(address: str) -> None:
    written(address, cut("r2", OCTOBER))
    database = Database.open(address)
    close_month(database, OCTOBER, NOW_MS)
    with Books.open(address) as opened:
        done, refused = opened.reconcile({"r2/1": 100}, None, by_upstream=False)
    assert (len(done), refused) == (1, [])
    later = list(reading.rows(database, since_ms=NOVEMBER))
    database.close()
    assert [row.cost_nano_usd for row in later] == [-200]
    assert verify(address).whole


@pytest.mark.process
def test_report_says_how_much_of_the_spend_is_estimated(books: str) -> None:
    def report() -> tuple[dict[str, object], str]:
        parsed = json.loads(tiergate("report", "-d", books, "--json").stdout)
        return parsed["estimated_cost"], " ".join(parsed["notes"])

    figures, notes = report()
    assert figures == {"calls": 1, "spend_nano_usd": 300, "spend_usd": "0.0000003"}
    assert "<$0.000001 of the spend is estimated, never too low for what came" in notes
    assert "savings count it as own cost at that bound, so they may be higher in truth" in notes
    settled(books, "r2/1", "0.0000001")
    figures, notes = report()
    assert (figures["calls"], figures["spend_nano_usd"]) == (0, 0)
    assert "estimated" not in notes
    assert verify(books).whole


def own_costs(address: str) -> dict[str, int | None]:
    """Returns the own cost that each saving of a ledger's report is compared with, by its key."""
    database = Database.open(address)
    report = build_report(reading.rows(database), config=ReportSection(), since_ms=None,
                          until_ms=None, now_ms=NOW_MS)  # fmt: skip
    database.close()
    return {saving.key: saving.own_nano_usd for saving in report.savings}


@pytest.mark.process
def test_corrected_estimate_lowers_what_its_request_is_compared_at(books: str) -> None:
    before = own_costs(books)["requested_model"]
    settled(books, "r2/1", "0.0000001")
    after = own_costs(books)["requested_model"]
    assert (before, after) == (420, 220)


@pytest.mark.process
def test_a_correction_changes_no_saving_that_its_request_is_not_in(address: str) -> None:
    """The correction lowers what was spent, which was compared with people alone."""
    line = replace(attempt("r2", cost=300), estimated=True)
    written(
        address,
        request("r1", attempt("r1")),
        replace(request("r2", line), baselines=Baselines(people=900)),
    )

    before = own_costs(address)
    settled(address, "r2/1", "0.0000001")
    after = own_costs(address)
    assert before["people"] is not None
    assert after == {**before, "people": before["people"] - 200}


@pytest.mark.process
def test_corrections_are_left_out_of_a_repricing(books: str) -> None:
    settled(books, "r2/1", "0.0000001")
    price = Price(input_nano_usd=1, output_nano_usd=1, version="x")
    database = Database.open(books)
    rows = list(reading.rows(database))
    database.close()
    whole = reprice(rows, lambda _row, _call: price)
    correction = reprice([row for row in rows if row.endpoint == "reconcile"], lambda _r, _c: price)
    assert correction.total.left_out_nano_usd == -200
    assert whole.total.booked_nano_usd + whole.total.left_out_nano_usd == 620


@pytest.mark.process
def test_purged_estimates_still_add_up(books: str) -> None:
    with Books.open(books) as opened:
        opened.fold()
    database = Database.open(books)
    assert purge(database, NOW_MS + 1, NOW_MS + 1) == 3
    database.close()
    assert verify(books).whole
    parsed = json.loads(tiergate("report", "-d", books, "--json").stdout)
    assert parsed["estimated_cost"]["spend_nano_usd"] == 300


LINE = replace(attempt("r"), estimated=True)


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        (lambda a: a, Doubt.ESTIMATED),  # its provider did not say what it used
        (lambda a: replace(a, estimated=False), None),
        (lambda a: replace(a, state=AttemptState.CANCELLED), Doubt.ESTIMATED),
        (lambda a: replace(a, state=AttemptState.UNKNOWN_COST), Doubt.UNKNOWN),
        (lambda a: replace(a, state=AttemptState.HELD), Doubt.UNKNOWN),
        (lambda a: replace(a, state=AttemptState.RELEASED), None),
        (lambda a: replace(a, cost_basis=CostBasis.OWN_COMPUTE), None),
        (lambda a: replace(a, cost_basis=CostBasis.UNKNOWN), Doubt.UNKNOWN),
        (lambda a: replace(a, cost_basis=CostBasis.LIST_PRICE, usage=Usage()), None),
        (
            lambda a: replace(a, cost_basis=CostBasis.LIST_PRICE, state=AttemptState.CANCELLED),
            Doubt.ESTIMATED,
        ),
    ],
)
def test_only_what_a_bill_can_correct_is_in_doubt(
    change: Callable[[AttemptRow], AttemptRow], doubt: Doubt | None
) -> None:
    assert doubt_of(change(LINE)) is doubt
