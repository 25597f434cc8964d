"""Calls of unknown cost are listed, and settled by a bill without editing a row."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from router.analysis.report.build import build_report
from router.cli.ledger.reconcile import _rounding
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.budgets.windows import windows_of
from router.ledger.rollups.settled import bills_after, bills_of_before, settled_later
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.money.cost import billed_nano_usd
from router.policy.schema import ReportSection
from router.types import AttemptState, CostBasis, RequestState, Role
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, cancelled, request
from tests.kits.books.ledger_sql import query
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace
from tests.kits.server_kit import tiergate


@pytest.fixture
def books(address: str) -> str:
    """A settled call at 120 nano-dollars, and two of unknown cost that count at 400 and 900."""

    async def write() -> None:
        ledger = SqlLedger.open(address, clock=StandingClock(), budget_of=lambda _: None)
        await ledger.finish(request("r1", attempt("r1")))
        for name, held in (("r2", 400), ("r3", 900)):
            line = attempt(name, held=held, state=AttemptState.HELD)
            await ledger.hold(request(name), line)
            await ledger.finish(cancelled(request(name, line)))
        await ledger.close()

    asyncio.run(write())
    return address


def reconcile(address: str, *arguments: str | Path, code: int = 0) -> dict[str, object]:
    run = tiergate("ledger", "reconcile", "--json", "--database", address, *arguments)
    assert run.returncode == code, run.stdout + run.stderr
    return dict(json.loads(run.stdout))


def listed(address: str, *arguments: str) -> list[str]:
    run = tiergate("ledger", "reconcile", "--json", "--database", address, *arguments)
    assert run.returncode == 0, run.stderr
    return [call["attempt_id"] for call in json.loads(run.stdout)]


def spent(address: str) -> dict[str, int]:
    return dict(query(address, "SELECT kind, spent_nano_usd FROM budget_windows"))


@pytest.mark.parametrize(("billed", "difference"), [("0.0000001", -300), ("0.000001", 600)])
def test_settled_call_moves_its_windows_by_the_difference(
    books: str, billed: str, difference: int
) -> None:
    assert listed(books) == ["r2/1", "r3/1"]
    reconciliation = reconcile(books, "--attempt", "r2/1", "--cost-usd", billed)
    assert reconciliation["difference_nano_usd"] == difference
    assert listed(books) == ["r3/1"]
    total = 120 + 400 + 900 + difference
    assert spent(books) == {"day": total, "month": total}
    report = verify(books)
    assert (report.findings, report.rows, report.cost_nano_usd) == ((), 4, total)


def test_settling_edits_no_row(books: str) -> None:
    asked = "SELECT row_hash FROM requests WHERE endpoint <> 'reconcile' ORDER BY sequence"
    before = query(books, asked)
    reconcile(books, "--attempt", "r2/1", "--cost-usd", "0")
    assert query(books, asked) == before


@pytest.mark.process
def test_correction_counts_on_the_day_of_the_call(books: str) -> None:
    reconcile(books, "--attempt", "r2/1", "--cost-usd", "0")
    database = Database.open(books)
    added = next(row for row in reading.rows(database) if row.endpoint == "reconcile")
    database.close()
    (line,) = added.attempts
    assert (line.started_at_ms, line.role, line.cost_nano_usd) == (NOW_MS, Role.RECONCILE, -400)
    payer = ("acme", "", "", "")
    its, the_calls = (list(windows_of([], payer, at)) for at in (line.started_at_ms, NOW_MS))
    assert its == the_calls


@pytest.mark.process
@pytest.mark.parametrize(
    ("attempt_id", "why"),
    [
        ("nobody/1", "there is no such attempt"),
        ("r1/1", "its cost is known, it is settled"),
    ],
)
def test_call_that_is_not_unknown_is_refused(books: str, attempt_id: str, why: str) -> None:
    run = tiergate(
        "ledger", "reconcile", "-d", books, "--attempt", attempt_id, "--cost-usd", "0.01"
    )
    assert run.returncode == 1
    assert f"{attempt_id!r}: {why}" in run.stderr
    assert verify(books).rows == 3


def test_call_is_settled_once(books: str) -> None:
    reconcile(books, "--attempt", "r2/1", "--cost-usd", "0")
    reconciliation = reconcile(books, "--attempt", "r2/1", "--cost-usd", "1", code=1)
    assert reconciliation["refused"] == [{"id": "r2/1", "why": "it was reconciled before"}]
    assert verify(books).cost_nano_usd == 120 + 900


@pytest.mark.process
@pytest.mark.parametrize("amount", ["-0.01", "much", "nan", "1e30", ""])
def test_amount_that_is_none_is_refused(amount: str) -> None:
    run = tiergate("ledger", "reconcile", "-d", "no.db", "--attempt", "a", f"--cost-usd={amount}")
    assert run.returncode == 2
    assert repr(amount) in run.stderr.replace("\n", "")


BILLS = {
    "bill.csv": "id,when,cost\nchatcmpl-r2,x,0.0000002\nchatcmpl-r3,x,0.0000003\nother,x,7\n",
    "bill.jsonl": '{"upstream_id": "chatcmpl-r2", "cost_usd": 0.0000002}\n'
    '{"upstream_id": "chatcmpl-r3", "cost_usd": "0.0000003"}\n\n{"id": "other", "cost": 7}\n',
}


@pytest.mark.process
@pytest.mark.parametrize("name", BILLS)
def test_bill_settles_the_calls_that_it_names(books: str, tmp_path: Path, name: str) -> None:
    bill = tmp_path / name
    bill.write_text(BILLS[name], encoding="utf-8")
    for settled in (2, 0):
        reconciliation = reconcile(books, "--from", bill, code=1)  # `other` is no call
        assert len(list(reconciliation["settled"])) == settled  # type: ignore[call-overload]
        assert reconciliation["agreed"] == 2 - settled  # with their corrections
    assert verify(books).cost_nano_usd == 120 + 200 + 300
    assert listed(books) == []


@pytest.mark.process
def test_bill_that_settles_nothing_says_where_the_calls_are_listed(
    books: str, tmp_path: Path
) -> None:
    (tmp_path / "bill.csv").write_text("id,cost\nother,7\n", encoding="utf-8")
    bill = ("ledger", "reconcile", "--from", tmp_path / "bill.csv", "-d", books)
    run = tiergate(*bill)
    assert "'other'" in run.stderr
    assert "Nothing was settled. `tiergate ledger reconcile` without options" in run.stdout
    (tmp_path / "bill.csv").write_text("id,cost\nchatcmpl-r2,0.0000002\n", encoding="utf-8")
    assert tiergate(*bill).stdout.startswith("1 call settled; together they cost $")


@pytest.mark.process
def test_ledger_without_unknown_calls_has_nothing_to_reconcile(books: str) -> None:
    for name in ("r2/1", "r3/1"):
        reconcile(books, "--attempt", name, "--cost-usd", "0")
    said = tiergate("ledger", "reconcile", "-d", books).stdout
    assert said == "No call of unknown or estimated cost: there is nothing to reconcile.\n"


@pytest.mark.process
@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("bill.csv", "id,cost\na,1\nb,-1\n", "bill.csv:3"),
        ("bill.csv", "name,price\na,1\n", "bill.csv:2"),
        ("bill.csv", "id,cost_ud\na,1\n", "'cost_ud' is nearly 'cost_usd'"),
        ("bill.csv", "id,cost\na,x\nb,-1\n", "bill.csv:3"),
        ("bill.csv", "id,cost\na,1\na,1\n", "twice"),
        ("bill.csv", "", "no line with an amount"),
        ("bill.jsonl", '{"id": "a", "cost": 1}\n[]\n', "bill.jsonl:2"),
        ("bill.jsonl", '{"id": "a", "cost": 1}\n{', "bill.jsonl:2: no JSON"),
        ("bill.txt", "a 1", ".csv or .jsonl"),
    ],
)
def test_mistake_in_a_bill_is_named_and_nothing_is_booked(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    run = tiergate("ledger", "reconcile", "--from", tmp_path / name, TIERGATE_DATABASE="no.db")
    assert run.returncode == 2
    # The terminal's frame breaks lines by the length of the folder's name.
    assert told in " ".join(run.stderr.replace("│", " ").split())


async def test_call_of_a_running_worker_waits(books: str, ledgers: Ledgers) -> None:
    ledger = ledgers(books)
    await ledger.hold(request("r9"), attempt("r9"))
    arguments = ("--attempt", "r9/1", "--cost-usd", "0")
    found = await asyncio.to_thread(reconcile, books, *arguments, code=1)
    await ledger.finish(request("r9", attempt("r9")))
    await ledger.close()
    assert "still open" in str(found["refused"])


@pytest.mark.process
def test_report_counts_the_money_of_a_correction_and_no_request(books: str) -> None:
    reconcile(books, "--attempt", "r3/1", "--cost-usd", "0")
    database = Database.open(books)
    report = build_report(
        reading.rows(database), config=ReportSection(), since_ms=None, until_ms=None, now_ms=NOW_MS
    )
    database.close()
    assert (report.counts.requests, report.spend_nano_usd) == (3, 120 + 400)
    assert report.unattributed_nano_usd == 0


@pytest.mark.process
def test_a_correction_is_charged_to_the_domain_and_the_type_of_its_call(books: str) -> None:
    reconcile(books, "--attempt", "r3/1", "--cost-usd", "0")
    for chosen in ((), ("--domain", "finance"), ("--request-type", "decision")):
        run = tiergate("report", "--json", "--database", books, *chosen)
        report = json.loads(run.stdout)
        for table, name in (("domains", "finance"), ("request_types", "decision")):
            charged = [(line["name"], line["spend_nano_usd"]) for line in report[table]]
            assert charged == [(name, 120 + 400)]
    assert verify(books).whole


@pytest.mark.process
def test_a_cost_that_a_bill_made_known_is_unknown_no_longer(books: str) -> None:
    def told() -> tuple[dict[str, Any], str]:
        run = tiergate("report", "--json", "--database", books)
        assert run.returncode == 0, run.stderr
        report = json.loads(run.stdout)
        return report["unknown_cost"], report["headline"]

    unknown, headline = told()
    assert (unknown["requests"], unknown["held_nano_usd"]) == (2, 1_300)
    assert "For 2 requests, $0.000001" in headline
    reconcile(books, "--attempt", "r3/1", "--cost-usd", "0.0000008")
    unknown, headline = told()
    assert (unknown["requests"], unknown["request_ids"]) == (1, ["r2"])
    assert (unknown["held_nano_usd"], unknown["settled_by_bills"]) == (400, 1)
    assert "For 1 request, <$0.000001 of this (30.3 %)" in headline
    reconcile(books, "--attempt", "r2/1", "--cost-usd", "0")
    unknown, headline = told()
    assert (unknown["requests"], unknown["settled_by_bills"]) == (0, 2)
    assert "not known" not in headline


TABLES = ("tiers", "domains", "request_types", "tenants", "keys", "tags", "endpoints", "days")


@pytest.mark.process
@pytest.mark.parametrize("chosen", [(), ("--tag", "ü"), ("--domain", "finance")])
def test_tables_call_unknown_what_the_headline_does(
    books: str, tmp_path: Path, chosen: tuple[str, ...]
) -> None:
    def unknown() -> tuple[int, list[int], list[str]]:
        csv = tmp_path / "report.csv"
        run = tiergate("report", "--json", "--csv", csv, "--database", books, *chosen)
        assert run.returncode == 0, run.stderr
        report = json.loads(run.stdout)
        tables = [sum(line["unknown_cost"] for line in report[name]) for name in TABLES]
        lines = [line.split(",") for line in csv.read_text().splitlines()]
        of_tenant = [line[3] for line in lines if line[:3] == ["tenants", "acme", "unknown_cost"]]
        return report["unknown_cost"]["requests"], tables, of_tenant

    assert unknown() == (2, [2] * len(TABLES), ["2"])
    reconcile(books, "--attempt", "r3/1", "--cost-usd", "0.0000008")
    assert unknown() == (1, [1] * len(TABLES), ["1"])
    reconcile(books, "--attempt", "r2/1", "--cost-usd", "0")
    assert unknown() == (0, [0] * len(TABLES), ["0"])


def test_a_bill_for_a_second_answer_settles_no_request(address: str) -> None:
    async def write() -> None:
        ledger = SqlLedger.open(address, clock=StandingClock(), budget_of=lambda _: None)
        for name, endpoint in (("r1", "chat.completions"), ("r1-shadow", "shadow")):
            line = attempt(name, held=400, state=AttemptState.HELD)
            await ledger.hold(request(name), line)
            await ledger.finish(replace(cancelled(request(name, line)), endpoint=endpoint))
        await ledger.close()

    asyncio.run(write())
    reconcile(address, "--attempt", "r1-shadow/1", "--cost-usd", "0")
    run = tiergate("report", "--json", "--database", address)
    unknown = json.loads(run.stdout)["unknown_cost"]
    assert (unknown["requests"], unknown["held_nano_usd"]) == (1, 400)
    assert (unknown["afterwards"], unknown["settled_by_bills"]) == ({}, 0)


@pytest.mark.process
def test_a_bill_for_a_call_of_unknown_price_is_known(address: str) -> None:
    async def write() -> None:
        ledger = SqlLedger.open(address, clock=StandingClock(), budget_of=lambda _: None)
        line = replace(
            attempt("r1", held=0, cost=0, state=AttemptState.UNKNOWN_COST),
            cost_basis=CostBasis.UNKNOWN,
        )
        await ledger.finish(replace(request("r1", line), state=RequestState.UNKNOWN_COST))
        await ledger.close()

    asyncio.run(write())
    reconcile(address, "--attempt", "r1/1", "--cost-usd", "0.0000008")
    run = tiergate("report", "--json", "--database", address)
    report = json.loads(run.stdout)
    assert (report["spend_nano_usd"], report["unknown_cost"]["settled_by_bills"]) == (800, 1)
    assert (report["unknown_cost"]["requests"], report["unknown_cost"]["afterwards"]) == (0, {})


def test_a_bill_settles_requests_of_its_own_period_and_tenant(books: str) -> None:
    """One that was booked after a period leaves its sums as they were; it is told as later."""
    reconcile(books, "--attempt", "r2/1", "--cost-usd", "0")
    database = Database.open(books)
    for since, until, tenant, settled, later in (
        (None, None, None, ["r2"], []),
        (NOW_MS, 2**53, "acme", ["r2"], []),
        (NOW_MS, NOW_MS + 1, "acme", [], [("r2", "reconcile-r2/1")]),
        (NOW_MS + 1, None, None, [], []),
        (None, NOW_MS, None, [], []),
        (None, None, "bolt", [], []),
        (None, NOW_MS + 1, "bolt", [], []),
    ):
        rows = settled_later(database, since, until, tenant)
        assert [row.request_id for row in rows] == settled
        pairs = bills_after(database, since, until, tenant)
        assert [(row.request_id, bill.request_id) for row, bill in pairs] == later
    database.close()


def test_bills_of_a_period_for_calls_of_before_are_found(books: str) -> None:
    reconcile(books, "--attempt", "r2/1", "--cost-usd", "0")
    database = Database.open(books)
    for since, until, tenant, found in (
        (NOW_MS + 1, None, None, ["reconcile-r2/1"]),
        (NOW_MS + 1, 2**53, "acme", ["reconcile-r2/1"]),
        (NOW_MS + 1, None, "bolt", []),
        (NOW_MS, None, None, []),  # its call is of the same period
        (NOW_MS + 1, NOW_MS + 2, None, []),
        (None, None, None, []),
    ):
        bills = bills_of_before(database, since, until, tenant)
        assert [bill.request_id for bill in bills] == found
    database.close()


@pytest.mark.parametrize(
    ("text", "nano_usd"),
    [("0.0123", 12_300_000), ("$2", 2 * 10**9), ("1e-10", 1), ("0", 0), ("1000000000", 10**18)],
)
def test_billed_amount_is_exact_or_rounds_up(text: str, nano_usd: int) -> None:
    assert billed_nano_usd(text) == nano_usd


@pytest.mark.parametrize("text", ["1_000", "\u0661", "nan", "-1", "", "1,5"])
def test_what_no_bill_has_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r"no amount in dollars|not what a call costs"):
        billed_nano_usd(text)


@pytest.mark.process
def test_two_calls_of_one_upstream_id_are_settled_one_by_one(
    books: str, tmp_path: Path, ledgers: Ledgers
) -> None:
    async def write() -> None:
        ledger = ledgers(books)
        line = replace(attempt("r5", state=AttemptState.HELD), upstream_id="chatcmpl-r2")
        await ledger.finish(cancelled(request("r5", line)))
        await ledger.close()

    asyncio.run(write())
    (tmp_path / "bill.csv").write_text("id,cost\nchatcmpl-r2,1\n", encoding="utf-8")
    reconciliation = reconcile(books, "--from", tmp_path / "bill.csv", code=1)
    assert "several calls" in str(reconciliation["refused"])


def test_all_calls_of_an_answerer_in_a_time_are_settled_at_one_cost(books: str) -> None:
    """The hour's other calls, and those whose cost is known, stay as they are."""
    hour = ("--since", "2026-11-18T00:00", "--until", "2026-11-19T00:00")
    one = ("--answerer", "nano", "--cost-usd", "0.0000001")
    assert reconcile(books, *one, "--until", "2026-11-18T00:00")["settled"] == []
    assert reconcile(books, "--answerer", "other", "--cost-usd", "0", *hour)["settled"] == []
    assert listed(books, "--answerer", "other") == []
    told = tiergate("ledger", "reconcile", "--database", books, "--answerer", "other").stdout
    assert told == (
        "No such call of unknown or estimated cost: the answerer other has none. Those that have "
        "some: nano (2 calls).\n"
    )
    assert "No such call" in told  # there are others, so nobody may read that there is nothing left
    assert sorted(listed(books, "--answerer", "nano", *hour)) == ["r2/1", "r3/1"]
    assert reconcile(books, *one, *hour)["difference_nano_usd"] == 2 * 100 - 400 - 900
    assert listed(books) == []
    assert spent(books)["month"] == 120 + 2 * 100
    assert verify(books).findings == ()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--answerer", "nano", "--attempt", "r2/1", "--cost-usd", "0"),
        ("--cost-usd", "0"),
        ("--since", "24h", "--cost-usd", "0"),
        ("--answerer", "nano", "--from", "bill.csv"),
    ],
)
def test_half_of_an_order_to_settle_is_refused(arguments: tuple[str, ...]) -> None:
    run = tiergate("ledger", "reconcile", *arguments)
    assert run.returncode == 2
    assert "--answerer with --cost-usd" in " ".join(run.stderr.replace("│", " ").split())


@pytest.mark.process
def test_a_bill_is_compared_with_calls_of_known_cost_and_names_strangers(
    books: str, tmp_path: Path
) -> None:
    """r1 is booked at 120 nano-dollars. A difference is told, and booked nowhere."""
    bill = tmp_path / "bill.csv"
    bill.write_text("id,cost\nchatcmpl-r1,0.00000012\n", encoding="utf-8")
    agreed = tiergate("ledger", "reconcile", "--from", bill, "-d", books)
    assert (agreed.returncode, agreed.stderr) == (0, "")
    assert "1 call of known cost: billed as booked" in agreed.stdout
    bill.write_text("id,cost\nchatcmpl-r1,50\nghost,99\n", encoding="utf-8")
    found = reconcile(books, "--from", bill, code=1)
    assert found["agreed"] == 0
    known, stranger = found["refused"]  # type: ignore[misc]
    assert (known["booked_nano_usd"], known["billed_nano_usd"]) == (120, 50 * 10**9)
    assert stranger["why"].startswith("no call of this ledger has this id")
    said = tiergate("ledger", "reconcile", "--from", bill, "-d", books).stderr
    assert "'chatcmpl-r1': billed $50.00, booked $0.00000012: its cost is known" in said
    assert verify(books).rows == 3


@pytest.mark.parametrize(
    ("text", "nano_usd"),
    [("0.000582", 500), ("50", 5_000_000), ("0.5", 5_000_000), ("0.25", 5_000_000),
     ("0.0000000015", 0), ("1e-7", 0), (" 0.000000001 ", 0), ("0.00000001", 5)],
)  # fmt: skip
def test_a_bill_agrees_within_half_of_its_last_decimal(text: str, nano_usd: int) -> None:
    assert _rounding(text) == nano_usd
