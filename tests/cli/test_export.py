"""`tiergate ledger export` and `tiergate report` into files, and reports of a time zone's days."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.cli.ledger.export import write_csv
from router.cli.ledger.parquet_files import BATCH, write_parquet
from router.errors.installing import pip_install
from router.ledger.books.store import SqlLedger
from router.types import CostBasis
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request
from tests.kits.books.open_ledgers import write_ledger
from tests.kits.changed import replace
from tests.kits.server_kit import COMMAND_S, PYTHON, environment, tiergate

pytestmark = pytest.mark.process

DAY_MS = 86_400_000


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Three requests on three days, the last of them with two attempts, one of unknown price."""
    path = tmp_path / "ledger.db"

    rows = []
    for number in range(3):
        at_ms = NOW_MS + number * DAY_MS
        calls = [attempt(f"r{number}", cost=100 + number, started_at_ms=at_ms)]
        if number == 2:
            unknown = attempt("r2", 2, cost=0, started_at_ms=at_ms)
            calls.append(replace(unknown, cost_basis=CostBasis.UNKNOWN))
        row = request(f"r{number}", *calls)
        rows.append(replace(row, created_at_ms=at_ms, finished_at_ms=at_ms + 5))
    return write_ledger(path, rows)


def ran(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    run = tiergate(*arguments)
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run


def test_parquet_has_the_lines_of_the_csv_with_types(database: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "ledger.parquet"
    ran("ledger", "export", "--format", "parquet", "--out", file, "-d", database)
    table = parquet.read_table(file).to_pylist()
    run = ran("ledger", "export", "--out", "-", "-d", database)
    lines = list(csv.DictReader(io.StringIO(run.stdout)))
    assert [row["cost_nano_usd"] for row in table] == [100, 101, 102, None]
    assert [line["cost_nano_usd"] for line in lines] == ["100", "101", "102", ""]
    assert list(table[0]) == list(lines[0])
    assert table[0]["discarded"] is False
    assert (table[0]["created_at_ms"], table[0]["latency_ms"]) == (NOW_MS, 3.0)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_without_a_file_goes_to_standard_output(database: Path, form: str) -> None:
    run = ran("ledger", "export", "--format", form, "-d", database)
    assert (
        run.stdout == ran("ledger", "export", "--format", form, "--out", "-", "-d", database).stdout
    )
    assert len(run.stdout.splitlines()) == {"csv": 5, "jsonl": 3}[form]
    assert "written" in run.stderr


@pytest.mark.parametrize(
    ("tag", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),  # an East Asian spreadsheet runs it
        ("\x1b[2J\x9bx", "\ufffd[2J\ufffdx"),
        ("\u202eevil\u2069", "\ufffdevil\ufffd"),
        ("café", "café"),
    ],
)
def test_a_clients_tag_runs_in_no_spreadsheet_and_no_terminal(tag: str, cell: str) -> None:
    file = io.StringIO()
    write_csv([replace(request("r1", attempt("r1")), tags=(tag,))], file, {})
    (line,) = csv.DictReader(io.StringIO(file.getvalue()))
    assert line["tags"] == cell


def test_a_call_that_still_runs_has_no_cost_in_any_form(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    database, file = tmp_path / "ledger.db", tmp_path / "ledger.parquet"

    async def write() -> tuple[str, str]:
        ledger = SqlLedger.open(database, clock=StandingClock(), budget_of=lambda _tenant: None)
        await ledger.hold(request("r1"), attempt("r1", held=400))
        export = ("ledger", "export", "-d", database)
        await asyncio.to_thread(ran, *export, "--format", "parquet", "--out", file)
        csv_text = (await asyncio.to_thread(ran, *export)).stdout
        json_text = (await asyncio.to_thread(ran, *export, "--format", "jsonl")).stdout
        await ledger.close()
        return csv_text, json_text

    csv_text, json_text = asyncio.run(write())
    (line,) = csv.DictReader(io.StringIO(csv_text))
    assert (line["attempt_state"], line["cost_nano_usd"]) == ("held", "")
    assert parquet.read_table(file).to_pylist()[0]["cost_nano_usd"] is None
    assert json.loads(json_text)["attempts"][0]["cost_nano_usd"] is None


def test_json_lines_are_those_of_ledger_rows(database: Path) -> None:
    exported = ran("ledger", "export", "--format", "jsonl", "--out", "-", "-d", database).stdout
    assert exported == ran("ledger", "rows", "--json", "-d", database).stdout
    assert [json.loads(line)["request_id"] for line in exported.splitlines()] == ["r0", "r1", "r2"]


def test_an_empty_period_is_a_file_with_columns_and_no_rows(database: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file, whole = tmp_path / "none.parquet", tmp_path / "whole.parquet"
    ran("keys", "create", "--tenant", "no", "-d", database)
    ran("ledger", "export", "--format", "parquet", "--out", file, "--tenant", "no", "-d", database)
    ran("ledger", "export", "--format", "parquet", "--out", whole, "-d", database)
    table = parquet.read_table(file)
    assert (table.num_rows, table.column_names) == (0, parquet.read_table(whole).column_names)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--csv", "a.csv", "--out", "b.csv"),
        ("--csv", "a.csv", "--format", "parquet"),
        ("--format", "parquet", "--out", "-"),
        ("--format", "parquet"),
        ("--format", "xlsx", "--out", "a"),
    ],
)
def test_an_export_without_one_clear_file_is_refused(
    database: Path, arguments: tuple[str, ...]
) -> None:
    ran("ledger", "export", *arguments, "-d", database, code=2)


def test_a_missing_pyarrow_is_a_sentence(database: Path, tmp_path: Path) -> None:
    script = "import sys; sys.modules['pyarrow'] = None\nfrom router.cli.alone import run\nrun()\n"
    arguments = ["ledger", "export", "--format", "parquet", "--out", str(tmp_path / "x"), "-d"]
    run = subprocess.run(
        [PYTHON, "-c", script, *arguments, str(database)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
    )
    assert run.returncode == 1
    assert run.stderr == (
        f"tiergate: Parquet files need the package pyarrow, not found: {pip_install('parquet')}\n"
    )


@pytest.mark.parametrize(("rows", "groups"), [(BATCH, 1), (BATCH + 1, 2)])
def test_parquet_is_written_a_batch_at_a_time(tmp_path: Path, rows: int, groups: int) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    waiting: list[int] = []

    def numbers() -> Iterator[tuple[int, str]]:
        for number in range(rows):
            waiting.append(number)
            yield number, f"n{number}"

    file = tmp_path / "numbers.parquet"
    assert write_parquet(numbers(), [("number", "int64"), ("name", "text")], file) == rows
    found = parquet.ParquetFile(file)
    assert (found.metadata.num_rows, found.metadata.num_row_groups) == (rows, groups)


def test_a_reports_parquet_has_numbers_beside_exact_texts(database: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "report.parquet"
    ran("report", "--parquet", file, "-d", database)
    table = parquet.read_table(file).to_pylist()
    spend = next(row for row in table if row["metric"] == "spend_nano_usd" and not row["key"])
    assert (spend["value"], spend["number"]) == ("303", 303.0)


def test_a_report_of_a_month_begins_at_that_zones_midnight(database: Path) -> None:
    parsed = json.loads(
        ran("report", "--json", "--since", "2026-11", "--until", "2026-12", "--tz",
            "Europe/Berlin", "-d", database).stdout
    )  # fmt: skip
    assert parsed["period"]["since_ms"] == 1_793_487_600_000  # 2026-10-31 23:00 UTC
    assert parsed["period"]["until_ms"] == 1_796_079_600_000
    assert parsed["period"]["zone"] == "Europe/Berlin"
    assert [day["name"] for day in parsed["days"]] == ["2026-11-18", "2026-11-19", "2026-11-20"]


@pytest.mark.parametrize(
    "command", [["report", "--html"], ["report", "--parquet"], ["ledger", "export", "--out"]]
)
def test_a_place_that_cannot_be_written_is_refused_before_any_work(
    database: Path, tmp_path: Path, command: list[str]
) -> None:
    for place, why in ((tmp_path, "is a folder"), (tmp_path / "no" / "file", "there is no folder")):
        run = tiergate(*command, place, "--database", database)
        assert run.returncode == 2
        assert why in " ".join(run.stderr.replace("\u2502", " ").split())


@pytest.mark.parametrize("form", ["--html", "--parquet"])
def test_what_the_system_refuses_while_it_is_written_is_told(database: Path, form: str) -> None:
    run = tiergate("report", form, "/dev/full", "--database", database)
    assert (run.returncode, "Traceback" in run.stderr) == (1, False)
    assert "No space left on device" in run.stderr


def test_files_for_programs_name_every_payer(tmp_path: Path) -> None:
    tenants = [f"tenant-{number:02d}" for number in range(25)]
    rows = [
        replace(request(tenant, attempt(tenant, cost=10**7)), tenant=tenant) for tenant in tenants
    ]
    path = write_ledger(tmp_path / "many.db", rows)
    page, table = tmp_path / "report.html", tmp_path / "report.csv"
    told = json.loads(ran("report", "--json", "--html", page, "-d", path).stdout)
    assert sorted(one["name"] for one in told["tenants"]) == tenants
    ran("report", "--csv", table, "-d", path)
    figures = csv.DictReader(io.StringIO(table.read_text("utf-8")))
    assert sorted({x["key"] for x in figures if x["section"] == "tenants"}) == tenants
    assert "(5 others)" in page.read_text("utf-8")
    assert "(5 others)" in ran("report", "--all", "-d", path).stdout
    assert "(all others)" in ran("report", "-d", path).stdout


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_a_zone_that_is_none_is_refused_with_an_example(database: Path, zone: str) -> None:
    run = ran("report", "--tz", zone, "-d", database, code=2)
    assert "Europe/Berlin" in run.stderr.replace("\n", " ")
