"""`tiergate ledger export` and `tiergate report` into files, and reports of a time zone's days."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.cli.ledger.export import write_csv
from router.cli.ledger.parquet_files import BATCH, write_parquet
from router.errors.installing import pip_install
from router.ledger.books.store import SqlLedger
from router.ledger.tables.keys import SqlKeyStore
from router.ledger.tables.reviews import SqlReviewQueue
from router.ledger.tables.tenant_secrets import TenantSecrets
from router.privacy.digest import digest
from router.types import CostBasis, Domain, JsonText, RequestState, ReviewItem, Scope
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request
from tests.kits.books.open_ledgers import write_ledger
from tests.kits.changed import replace
from tests.kits.server_kit import PYTHON, environment, tiergate

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
    file = tmp_path / "none.parquet"
    ran("ledger", "export", "--format", "parquet", "--out", file, "--tenant", "no", "-d", database)
    table = parquet.read_table(file)
    assert (table.num_rows, table.num_columns) == (0, 44)


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
        timeout=200,
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
    assert "(5 others)" in ran("report", "-d", path).stdout


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_a_zone_that_is_none_is_refused_with_an_example(database: Path, zone: str) -> None:
    run = ran("report", "--tz", zone, "-d", database, code=2)
    assert "Europe/Berlin" in run.stderr.replace("\n", " ")


@pytest.fixture
def charged(tmp_path: Path) -> Path:
    """Requests of two keys named ci and app, with tags, and one that a budget refused."""
    from msgspec.structs import replace

    path = tmp_path / "charged.db"

    async def write() -> None:
        ledger = SqlLedger.open(path, clock=StandingClock(), budget_of=lambda _tenant: None)
        keys = SqlKeyStore(ledger.database, StandingClock())
        ids = {name: keys.create("acme", [Scope.CHAT], name).info.key_id for name in ("ci", "app")}
        signals = {"signals": {"domain": "legal", "request_type": "coding"}}
        note = {"limit": "day of tenant acme", "needed_nano_usd": 500, "left_nano_usd": 120}
        one = request("r1", attempt("r1", cost=100))
        run = digest(TenantSecrets(ledger.database, StandingClock()).key_now("acme"), "run-1")
        one = replace(one, key_id=ids["ci"], tags=("sales", "spring"), session_digest=run)
        await ledger.finish(one)
        two = request("r2", attempt("r2", cost=20))
        record = JsonText(json.dumps(signals))
        await ledger.finish(
            replace(two, key_id=ids["app"], tags=("sales",), endpoint="messages", record=record)
        )
        refused = replace(
            request("r3"),
            key_id=ids["ci"],
            state=RequestState.FAILED,
            verdict="",
            error_code="insufficient_quota",
            record=JsonText(json.dumps({"refusal": note})),
        )
        await ledger.finish(refused)
        desk = SqlReviewQueue(ledger.database, clock=StandingClock())
        for name, done in (("r1", True), ("r2", False)):
            await desk.add(ReviewItem(f"rev_{name}", name, "acme", Domain.LEGAL, NOW_MS))
            if done:
                await desk.resolve(f"rev_{name}", None)
        await ledger.close()

    asyncio.run(write())
    return path


CHOSEN = [
    (("--tag", "sales"), ["r1", "r2"]),
    (("--tag", "spring", "--tag", "none"), ["r1"]),
    (("--key", "ci"), ["r1", "r3"]),
    (("--key", "ci", "--key", "app"), ["r1", "r2", "r3"]),
    (("--domain", "legal"), ["r2"]),
    (("--request-type", "coding"), ["r2"]),
    (("--endpoint", "messages"), ["r2"]),
    (("--tag", "sales", "--key", "app"), ["r2"]),
    (("--tag", "nobody"), []),
    (("--session", "run-1"), ["r1"]),
    (("--session", "run-1", "--key", "app"), []),
]
NO_SESSION = ("--session", "run-2")


@pytest.mark.parametrize(("options", "expected"), [*CHOSEN, (NO_SESSION, [])])
def test_an_export_has_the_chosen_requests(
    charged: Path, options: tuple[str, ...], expected: list[str]
) -> None:
    lines = csv.DictReader(io.StringIO(ran("ledger", "export", *options, "-d", charged).stdout))
    assert [line["request_id"] for line in lines] == expected


@pytest.mark.parametrize(("options", "expected"), CHOSEN)
def test_a_report_is_of_the_chosen_requests(
    charged: Path, options: tuple[str, ...], expected: list[str]
) -> None:
    told = json.loads(ran("report", "--json", *options, "-d", charged).stdout)
    costs = {"r1": 100, "r2": 20, "r3": 0}
    assert told["requests"] == len(expected)
    assert told["spend_nano_usd"] == sum(costs[one] for one in expected)
    assert len(told["filters"]) == len(set(options[::2]))
    assert told["waiting"] == ("r2" in expected)


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_report_of_a_session_without_requests_says_so(
    charged: Path, form: tuple[str, ...]
) -> None:
    run = ran("report", *form, *NO_SESSION, "--tenant", "acme", "-d", charged, code=2)
    said = " ".join(run.stderr.split())
    assert "no request of tenant acme is of session 'run-2'; expected a name as its client" in said
    assert "x-session-id" in said
    assert "charged.db (--database)" in said
    assert run.stdout == ""


def test_a_report_of_several_sessions_names_those_without_requests(charged: Path) -> None:
    both = ("--session", "run-1", *NO_SESSION, "--session", "run-3")
    run = ran("report", *both, "-d", charged, code=2)
    assert "no request is of session 'run-2' or 'run-3'; expected" in " ".join(run.stderr.split())
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--tag", "nobody"), "No request has the tag 'nobody'; the tags are 'sales', 'spring', "),
        (("--tag", "sales", "--tag", "sale"), "No request has the tag 'sale'; the tags are"),
        (("--tag", "sales", "--tenant", "beta"), "of tenant beta has the tag 'sales'; no request"),
        (("--tag", "sales", "--until", "2020-01-01"), ""),
    ],
)
def test_a_report_names_tags_that_no_request_has(
    charged: Path, options: tuple[str, ...], said: str
) -> None:
    told = ran("report", *options, "-d", charged).stderr
    assert said in told
    assert bool(said) == bool(told)


def test_a_session_whose_requests_are_purged_may_have_had_some(charged: Path) -> None:
    ran("ledger", "purge", "--before", "0h", "--yes", "-d", charged)
    run = ran("report", "--session", "run-1", "--since", "2020-01", "-d", charged, code=2)
    assert "no request of this period is of session 'run-1' (up to 3 purged ones may be)" in (
        " ".join(run.stderr.split())
    )


def test_a_report_of_chosen_requests_says_which_ones_it_lacks_and_forecasts_nothing(
    charged: Path,
) -> None:
    ran("ledger", "purge", "--before", "0h", "--yes", "-d", charged)
    told = json.loads(ran("report", "--json", "--key", "ci", "-d", charged).stdout)
    assert told["headline"].startswith("No requests of this period are left to count. Up to 3 ")
    assert told["forecast"]["why"] == "up to 3 purged requests are in no figure"
    whole = json.loads(ran("report", "--json", "-d", charged).stdout)
    assert (whole["requests"], "purged" in str(whole["forecast"])) == (3, False)


def test_export_columns_say_whom_to_charge_and_what_was_refused(charged: Path) -> None:
    run = ran("ledger", "export", "-d", charged)
    one, two, refused = csv.DictReader(io.StringIO(run.stdout))
    assert (one["key_name"], one["tags"], one["ending"]) == ("ci", "sales, spring", "replied")
    assert (two["domain"], two["request_type"], two["endpoint"]) == ("legal", "coding", "messages")
    assert (refused["ending"], refused["request_error_code"], refused["short_nano_usd"]) == (
        "refused",
        "insufficient_quota",
        "380",
    )
    assert (refused["state"], refused["cost_nano_usd"], refused["ordinal"]) == ("failed", "", "")


def test_json_lines_say_whom_to_charge_and_what_was_refused(charged: Path) -> None:
    run = ran("ledger", "export", "--format", "jsonl", "-d", charged)
    one, _, refused = (json.loads(line) for line in run.stdout.splitlines())
    assert (one["key_name"], one["ending"], one["refusal"]) == ("ci", "replied", None)
    assert refused["refusal"] == {
        "limit": "day of tenant acme",
        "needed_nano_usd": 500,
        "left_nano_usd": 120,
        "short_nano_usd": 380,
    }


def test_a_report_names_keys_and_tells_refused_from_failed(charged: Path) -> None:
    text = " ".join(ran("report", "-d", charged).stdout.split())
    assert "2 answered, 1 refused by a limit" in text
    told = json.loads(ran("report", "--json", "-d", charged).stdout)
    assert {key["key_name"]: key["refused"] for key in told["keys"]} == {"ci": 1, "app": 0}
    assert [(one["code"], one["short_nano_usd"]) for one in told["unanswered"]] == [
        ("insufficient_quota", 380)
    ]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--key", "cj"), "expected one of app, ci"),
        (("--endpoint", "chat"), "expected one of analyze, chat.completions"),
        (("--domain", "law"), "Invalid value for '--domain': 'law' is not one of 'general', "),
        (("--request-type", "code"), "for '--request-type': 'code' is not one of 'faq', "),
    ],
)
@pytest.mark.parametrize("command", [("report",), ("ledger", "export")])
def test_a_filter_that_fits_nothing_there_is_says_what_there_is(
    charged: Path, command: tuple[str, ...], options: tuple[str, ...], named: str
) -> None:
    run = ran(*command, *options, "-d", charged, code=2)
    assert named in " ".join(run.stderr.replace("\u2502", "").split())


def test_exact_shows_what_columns_for_people_round(charged: Path) -> None:
    text = ran("report", "-d", charged).stdout.split("Savings")[1]
    # From the month's third complete day on there is a forecast; a sentence keeps its digits.
    columns = re.sub(r"Forecast\s+for\s.*?holidays\.", "", text, flags=re.DOTALL)
    assert "0.00000012" not in columns
    assert "$0.00000012" in ran("report", "--exact", "-d", charged).stdout.split("Savings")[1]


def test_a_filter_by_an_unknown_key_lists_ids_of_keys_without_names(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    key_id = json.loads(ran("keys", "create", "--tenant", "acme", "--json", "-d", database).stdout)[
        "key_id"
    ]
    run = ran("report", "--key", "ci", "-d", database, code=2)
    assert f"expected one of {key_id}" in " ".join(run.stderr.replace("\u2502", "").split())
