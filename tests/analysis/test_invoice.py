"""Compares a provider's bill with the ledger: what differs, and what explains it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.analysis.prices.invoice import BillLine, Booked, Cause, compare, explained
from router.types import AttemptRow, AttemptState, CostBasis, Role
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.books.open_ledgers import write_ledger
from tests.kits.changed import replace
from tests.kits.server_kit import tiergate

DAY = date(2026, 11, 18)  # of NOW_MS
CENT = 10**7
BILL = "date,model,amount,calls\n2026-11-18,nano-1-2026-03-05,0.03,3\n"


def line(usd_cents: int, model: str = "nano-1", calls: int | None = None) -> BillLine:
    return BillLine(DAY, model, usd_cents * CENT, CENT // 2, calls)


def call(name: str, cents: int, **changes: object) -> AttemptRow:
    return replace(attempt(name, cost=cents * CENT), **changes)  # type: ignore[arg-type]


def unknown(name: str, cents: int) -> AttemptRow:
    return call(name, cents, state=AttemptState.UNKNOWN_COST, estimated=True)


def test_bill_that_agrees_has_no_difference() -> None:
    rows = [request(f"r{n}", call(f"r{n}", 1)) for n in range(3)]
    comparison = compare([line(3)], rows)
    assert (comparison.difference_nano_usd, comparison.cells[0].causes) == (0, {})


def test_unknown_calls_explain_what_the_bill_is_lower_by() -> None:
    rows = [request("r1", call("r1", 7)), request("r2", unknown("r2", 3))]
    (cell,) = compare([line(8)], rows).cells
    assert cell.causes == {Cause.UNKNOWN_CALLS: -2 * CENT}
    assert (cell.booked.unknown_calls, cell.booked.unknown_nano_usd) == (1, 3 * CENT)


def test_reconciled_call_is_unknown_no_more() -> None:
    correction = call("r3", -2, role=Role.RECONCILE, attempt_id="reconcile-r2/1")
    rows = [request("r2", unknown("r2", 3)), request("reconcile-r2/1", correction)]
    (cell,) = compare([line(1)], rows).cells
    assert (cell.difference_nano_usd, cell.booked.unknown_calls, cell.booked.calls) == (0, 0, 1)


def test_correction_is_compared_on_the_day_of_its_call_also_if_that_month_was_closed() -> None:
    """A closed month takes no row, so the correction itself is dated in the next one."""
    december = date(2026, 12, 1)
    at_ms = NOW_MS + 13 * 86_400_000
    correction = call(
        "r3", -2, role=Role.RECONCILE, attempt_id="reconcile-r2/1", started_at_ms=at_ms
    )
    rows = [
        request("r2", unknown("r2", 3)),
        request("reconcile-r2/1", correction),
        request("r4", call("r4", 7, started_at_ms=at_ms)),
    ]
    (cell,) = compare([line(1)], rows).cells
    assert (cell.difference_nano_usd, cell.booked.unknown_calls, cell.booked.calls) == (0, 0, 1)
    for known in (rows, rows[1:]):  # the command reads no rows of before the bill
        (cell,) = compare([replace(line(7), day=december)], known).cells
        assert (cell.difference_nano_usd, cell.booked.calls) == (0, 1)


def test_decimals_that_the_bill_cuts_off_are_rounding() -> None:
    rows = [request("r1", call("r1", 3))]
    lines = [replace(line(3), billed_nano_usd=3 * CENT + CENT // 2)]
    (cell,) = compare(lines, rows).cells
    assert cell.causes == {Cause.ROUNDING: CENT // 2}


def test_more_calls_on_the_bill_are_calls_that_the_ledger_lacks() -> None:
    rows = [request(f"r{n}", call(f"r{n}", 2)) for n in range(3)]
    (cell,) = compare([line(10, calls=5)], rows).cells
    assert cell.causes == {Cause.CALLS_LACKING: 4 * CENT}


def failed(name: str, code: str = "upstream_error", **changes: object) -> AttemptRow:
    nothing = {"state": AttemptState.FAILED, "cost_basis": CostBasis.NONE, "error_code": code}
    return call(name, 0, **nothing | changes)


def test_billed_calls_that_failed_do_not_hide_behind_estimates_that_are_too_high() -> None:
    """The bill has two failed calls and a second try of one; the estimate is 8 cents too high."""
    cut = call("c", 10, state=AttemptState.CANCELLED, estimated=True)
    names = ("r0", "r1", "r2")
    rows = [*(request(n, call(n, 2)) for n in names), request("c", cut)]
    rows += [request(n, failed(n)) for n in ("f0", "f1")]
    (cell,) = compare([line(14, calls=7)], rows).cells
    assert (cell.booked.calls, cell.booked.failed_calls, cell.more_calls) == (4, 2, 3)
    assert cell.causes == {
        Cause.FAILED_CALLS: 4 * CENT,
        Cause.CALLS_LACKING: 2 * CENT,
        Cause.ESTIMATED_CALLS: -8 * CENT,
    }


@pytest.mark.parametrize(
    ("changes", "number"),
    [({}, 1), ({"error_code": "upstream_rejected"}, 1), ({"error_code": "upstream_unreachable"}, 0),
     ({"state": AttemptState.RELEASED}, 0), ({"cost_basis": CostBasis.OWN_COMPUTE}, 0)],
)  # fmt: skip
def test_failed_calls_are_those_that_their_provider_may_bill(
    changes: dict[str, object], number: int
) -> None:
    rows = [request("r", call("r", 3)), request("f", failed("f", **changes))]
    (cell,) = compare([line(3)], rows).cells
    assert (cell.booked.calls, cell.booked.failed_calls, cell.causes) == (1, number, {})


def test_failed_calls_explain_a_bill_without_counts_and_a_model_that_only_failed() -> None:
    rows = [request("r", call("r", 3)), request("f", failed("f"))]
    (cell,) = compare([line(5)], rows).cells
    assert cell.causes == {
        Cause.FAILED_CALLS: 2 * CENT - CENT // 2 - 1, Cause.ROUNDING: CENT // 2 + 1
    }  # fmt: skip
    for calls in (1, None):
        (cell,) = compare([line(5, calls=calls)], rows[1:]).cells
        assert set(cell.causes) <= {Cause.FAILED_CALLS, Cause.ROUNDING}, calls
        assert cell.causes[Cause.FAILED_CALLS] > 4 * CENT
    assert not compare([line(3, "other")], rows[1:]).elsewhere


def test_calls_of_unknown_cost_are_the_first_that_a_bill_may_lack() -> None:
    rows = [request(n, call(n, 2)) for n in ("r0", "r1", "r2")]
    rows.append(request("u", unknown("u", 9)))
    (cell,) = compare([line(4, calls=2)], rows).cells
    assert cell.causes == {Cause.CALLS_LACKING: -2 * CENT, Cause.UNKNOWN_CALLS: -9 * CENT}


def test_what_nothing_else_explains_is_prices() -> None:
    rows = [request(f"r{n}", call(f"r{n}", 2)) for n in range(3)]
    (cell,) = compare([line(9, calls=3)], rows).cells
    assert cell.causes == {Cause.ROUNDING: CENT // 2 + 3, Cause.PRICES: 3 * CENT - CENT // 2 - 3}


def test_model_that_only_the_bill_has_is_not_in_the_ledger() -> None:
    comparison = compare([line(3), line(5, "tax")], [request("r1", call("r1", 3))])
    assert [c.causes for c in comparison.cells] == [{}, {Cause.NOT_IN_LEDGER: 5 * CENT}]


def test_day_that_the_bill_leaves_out_is_not_on_the_bill() -> None:
    early = replace(line(1), day=date(2026, 11, 16))
    comparison = compare([early, replace(line(0), day=date(2026, 11, 19))],
                    [request("r1", call("r1", 3))])  # fmt: skip
    assert comparison.causes[Cause.NOT_ON_BILL] == -3 * CENT
    assert comparison.causes[Cause.NOT_IN_LEDGER] == CENT


def test_a_credit_is_no_estimate_and_takes_no_count_away() -> None:
    rows = [request("r1", call("r1", 7)), request("r2", call("r2", 3, estimated=True))]
    (cell,) = compare([line(10, calls=2), line(-2)], rows).cells
    assert (cell.causes, cell.billed_calls) == ({Cause.CREDITS: -2 * CENT}, 2)
    assert cell.difference_nano_usd == -2 * CENT


def test_a_credit_alone_bills_no_call() -> None:
    check = compare([line(-2), line(-1, "credit")], [request("r1", call("r1", 7))])
    assert {cell.model: cell.causes for cell in check.cells} == {
        "nano-1": {Cause.CREDITS: -2 * CENT, Cause.NOT_ON_BILL: -7 * CENT},
        "credit": {Cause.CREDITS: -CENT},
    }


def test_models_of_another_bill_stand_aside() -> None:
    rows = [request("r1", call("r1", 3)), request("r2", call("r2", 9, model="other"))]
    comparison = compare([line(3)], rows)
    assert comparison.difference_nano_usd == 0
    assert comparison.elsewhere["other"].booked_nano_usd == 9 * CENT


@pytest.mark.parametrize(
    "name", ["nano-1-2026-03-05", "nano-1-20260305", "nano-1-0305", "lab/NANO-1", "nano-1"]
)
def test_models_are_found_by_the_names_that_providers_bill(name: str) -> None:
    comparison = compare([line(3, name)], [request("r1", call("r1", 3))])
    assert [cell.model for cell in comparison.cells] == ["nano-1"]


@pytest.mark.parametrize(
    ("billed", "mapped"),
    [("nano-1", {}), ("nano-1-2026-03-05", {}), ("lab/nano-1", {}), ("N1", {"N1": "nano-1"})],
)
def test_calls_without_an_answer_count_in_the_line_of_the_model_that_they_asked(
    billed: str, mapped: dict[str, str]
) -> None:
    """It answers under a name with a day; what broke off has the name that was asked for."""
    answered = [request(n, call(n, 2, model="nano-1-2026-03-05")) for n in ("r0", "r1")]
    rows = [*answered, request("u", unknown("u", 9)), request("f", failed("f"))]
    comparison = compare([line(8, billed, calls=4)], rows, mapped)
    (cell,) = comparison.cells
    assert (cell.booked.calls, cell.booked.unknown_calls, cell.booked.failed_calls) == (3, 1, 1)
    assert cell.causes == {Cause.FAILED_CALLS: 2 * CENT, Cause.UNKNOWN_CALLS: -7 * CENT}
    assert not comparison.elsewhere


@pytest.mark.parametrize(
    ("lines", "apart"),
    [
        (("nano-1-2026-03-05", "nano-1-2026-09-01"), "nano-1"),  # nobody knows which one it was
        (("nano-1-2026-03-05",), "nano-1-2026-09-01"),
        (("nano-1-2026-03-05",), "nano-1-mini"),
        (("embed-v1",), "embed-v2"),
    ],
)
def test_a_name_of_the_ledger_that_may_be_of_no_line_stands_aside(
    lines: tuple[str, ...], apart: str
) -> None:
    rows = [request(f"r{n}", call(f"r{n}", 3, model=name)) for n, name in enumerate(lines)]
    rows.append(request("x", call("x", 9, model=apart)))
    comparison = compare([line(3, name) for name in lines], rows)
    assert [cell.causes for cell in comparison.cells] == [{}] * len(lines)
    assert list(comparison.elsewhere) == [apart]


@pytest.mark.parametrize(
    ("billed", "names", "apart"),
    [
        ("nano-1", ("nano-1", "azure/nano-1"), ["azure/nano-1"]),
        ("nano-1", ("azure/nano-1", "lab/nano-1"), ["azure/nano-1", "lab/nano-1"]),
        ("lab/nano-1", ("lab/nano-1", "azure/nano-1"), ["azure/nano-1"]),
    ],
)
def test_calls_of_another_provider_count_in_no_line_of_this_one(
    billed: str, names: tuple[str, ...], apart: list[str]
) -> None:
    rows = [request(name, call(name, 3, model=name)) for name in names]
    comparison = compare([line(3, billed)], rows)
    assert list(comparison.elsewhere) == apart


def test_a_model_is_mapped_by_hand() -> None:
    comparison = compare([line(3, "N1")], [request("r1", call("r1", 3))], {"N1": "nano-1"})
    assert comparison.difference_nano_usd == 0


@pytest.mark.parametrize("own", [{"role": Role.TRIAGE}, {"cost_basis": CostBasis.OWN_COMPUTE}])
def test_own_compute_is_on_no_bill(own: dict[str, object]) -> None:
    rows = [request("r1", call("r1", 3)), request("r2", call("r2", 9, **own))]
    comparison = compare([line(3)], rows)
    assert (comparison.difference_nano_usd, comparison.elsewhere) == (0, {})


@given(
    st.builds(Booked, st.integers(1, 99), st.integers(0, 10**9), st.integers(0, 9),
              st.integers(0, 10**8), st.integers(0, 9), st.integers(0, 10**8), st.integers(0, 9)),
    st.integers(-(10**9), 10**9), st.none() | st.integers(0, 200), st.integers(0, 10**7),
)  # fmt: skip
def test_causes_always_sum_to_the_difference(
    booked: Booked, billed: int, calls: int | None, rounding: int
) -> None:
    causes = explained(booked, billed, calls, rounding)
    assert sum(causes.values()) == billed - booked.booked_nano_usd
    assert abs(causes.get(Cause.ROUNDING, 0)) <= rounding
    assert -booked.unknown_nano_usd <= causes.get(Cause.UNKNOWN_CALLS, 0) <= 0
    assert -booked.estimated_nano_usd <= causes.get(Cause.ESTIMATED_CALLS, 0) <= 0
    if causes.get(Cause.PRICES):
        assert abs(causes[Cause.ROUNDING]) == rounding, "prices are what rounding can't explain"
    assert list(causes) == [cause for cause in Cause if cause in causes], "in the order told"


def test_estimated_calls_explain_a_lower_bill_apart_from_unknown_ones() -> None:
    cut = call("r3", 2, state=AttemptState.CANCELLED, estimated=True)
    rows = [request("r1", call("r1", 7)), request("r2", unknown("r2", 1)), request("r3", cut)]
    (cell,) = compare([line(8)], rows).cells
    assert cell.causes == {Cause.UNKNOWN_CALLS: -CENT, Cause.ESTIMATED_CALLS: -CENT}
    assert (cell.booked.estimated_calls, cell.booked.estimated_nano_usd) == (1, 2 * CENT)


@pytest.mark.parametrize(
    ("billed", "calls", "rounding", "causes"),
    [
        (300_000, 6, 50_000, {Cause.CALLS_LACKING: 48_500, Cause.ROUNDING: 9_000}),
        (250_000, None, 5_000, {Cause.ROUNDING: 5_000, Cause.PRICES: 2_500}),
        (250_000, 5, 50_000, {Cause.ROUNDING: 7_500}),
    ],
)
def test_what_is_counted_explains_before_rounding_and_rounding_before_prices(
    billed: int, calls: int | None, rounding: int, causes: dict[Cause, int]
) -> None:
    found = explained(Booked(5, 242_500), billed, calls, rounding)
    assert {cause: amount for cause, amount in found.items() if amount} == causes


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three calls at one cent, one of unknown cost held at two."""
    path = tmp_path_factory.mktemp("books") / "ledger.db"

    rows = [request(f"r{n}", call(f"r{n}", 1)) for n in range(3)]
    return write_ledger(path, [*rows, request("u", unknown("u", 2))])


def bill(tmp_path: Path, text: str, name: str = "bill.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def checked(database: Path, path: Path, *arguments: str) -> tuple[int, str]:
    run = tiergate("ledger", "reconcile", "-d", database, "--invoice", path, *arguments)
    return run.returncode, " ".join((run.stdout + run.stderr).replace("│", " ").split())


def test_command_explains_the_variance(database: Path, tmp_path: Path) -> None:
    code, said = checked(database, bill(tmp_path, BILL))
    assert code == 0, said
    assert "calls of unknown cost, booked at their hold -$0.02" in said
    assert "the ledger says $0.05, the bill $0.03; the difference is -$0.02" in said


def test_command_names_calls_that_only_the_bill_has_before_any_money(
    database: Path, tmp_path: Path
) -> None:
    bill_text = BILL.replace("0.03,3", "0.05,6")
    _, said = checked(database, bill(tmp_path, bill_text))
    assert "2 calls more on the bill; calls that only one side counts +$0.02; calls of" in said
    rows = [request("r", call("r", 1)), request("f", failed("f"))]
    said = checked(write_ledger(tmp_path / "f.db", rows), bill(tmp_path, BILL))[1]
    assert "2 calls more on the bill, 1 failed here; calls that failed, booked at $0 +$0.01" in said
    assert "1 call failed with an error of the provider, booked at $0: it may bill them" in said


def test_amounts_have_all_digits_of_their_difference(database: Path, tmp_path: Path) -> None:
    _, said = checked(database, bill(tmp_path, BILL.replace("0.03", "0.0500075")))
    assert "the ledger says $0.05, the bill $0.0500075; the difference is +$0.0000075" in said


def test_json_has_every_amount_exactly(database: Path, tmp_path: Path) -> None:
    lines = '{"date": "2026-11-18", "model": "nano-1", "cost": 0.03, "currency": "EUR"}\n'
    path = bill(tmp_path, lines, "bill.jsonl")
    code, said = checked(
        database, path, "--json", "--rate", "EUR=1.10@2026-11-01", "--rate", "EUR=1.20@2026-11-19"
    )
    parsed = json.loads(said)
    assert (code, parsed["billed_nano_usd"], parsed["ledger_nano_usd"]) == (0, 33_000_000, 5 * CENT)
    assert parsed["causes_nano_usd"]["unknown_calls"] == -17_000_000
    assert parsed["rates"] == [{"currency": "EUR", "usd": "1.10", "since": "2026-11-01"}]


ROW = "date,model,amount\n2026-11-18,x,1\n"
EUR = ("--currency", "EUR")
LATE = "EUR=1.1@2026-11-19"
MISTAKES = [
    ("day,name,amount\n2026-11-18,x,1\n", (),
     "bill.csv:2: found the columns day, name, amount; expected one named model"),
    ("date,modell,amuont\n2026-11-18,x,1\n", (),
     "expected one named model ('modell' is nearly 'model'); expected one of amount, cost, "
     "amount_usd, cost_usd ('amuont' is nearly 'amount')"),
    ("date,model,amount,curency\n2026-11-18,x,1,EUR\n", (),
     "expected the currency in one named currency ('curency' is nearly 'currency')"),
    ("date,model\n2026-11-18,x\n", (), "expected one of amount, cost, amount_usd, cost_usd"),
    (ROW.replace("2026-11-18", "18.11.2026"), (),
     "'18.11.2026' is no day; expected one like 2026-11-20"),
    (ROW.replace(",1", ",1_000"), (), "'1_000' is no amount; expected digits"),
    (ROW.replace(",1", ',"1,5"'), (), "'1,5' is no amount; expected digits with a decimal point"),
    (ROW.replace(",1", ",9999999999"), (),
     "'9999999999' is too large; expected at most 1,000,000,000"),
    (ROW, EUR, "EUR has no rate on 2026-11-18; give one that began then or before"),
    (ROW, (*EUR, "--rate", LATE), "EUR has no rate on 2026-11-18"),
    (ROW, ("--currency", "euro"), "the currency is 'EURO'; expected three letters"),
    (ROW, ("--rate", "EUR=0@2026-11-19"), "'EUR=0@2026-11-19' is no rate"),
    (ROW, ("--map", "x"), "'x' maps no model"),
    ("date,model,amount,calls\n2026-11-18,x,1,many\n", (), "'many' calls; expected a whole"),
    ("date,model,amount\n", (),
     "no line with an amount; expected the columns date, model and amount"),
    ("upstream_id,cost\nabc,1\n", (), "A bill of single calls is settled with --from"),
    (ROW, ("--attempt", "a", "--cost-usd", "1"), "give --invoice without --attempt"),
]  # fmt: skip


@pytest.mark.process
@pytest.mark.parametrize(("text", "arguments", "told"), MISTAKES)
def test_mistaken_bill_is_refused_with_what_was_found(
    database: Path, tmp_path: Path, text: str, arguments: tuple[str, ...], told: str
) -> None:
    code, said = checked(database, bill(tmp_path, text), *arguments)
    assert code == 2
    assert told in said


def test_all_mistakes_of_a_bill_are_told_at_once(database: Path, tmp_path: Path) -> None:
    text = "date,modell,amount,calls\n18.11.26,x,1,many\n2026-11-18,x,free,1\n"
    code, said = checked(database, bill(tmp_path, text))
    assert code == 2
    for told in ("'modell' is nearly 'model'", "'18.11.26' is no day", "'many' calls",
                 "bill.csv:3: 'free' is no amount"):  # fmt: skip
        assert told in said
    assert said.count("modell") == 2, "once named among the columns, and once with its neighbour"


def test_many_mistakes_are_counted(database: Path, tmp_path: Path) -> None:
    code, said = checked(database, bill(tmp_path, "date,model,amount\n" + "x,x,1\n" * 30))
    assert (code, said.count("is no day")) == (2, 20)
    assert "and 10 more mistakes" in said
