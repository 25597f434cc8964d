"""Runs `tiergate ledger`, `keys` and `report` on a ledger that the tests write."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from router.cli.ledger.ledger import BESIDE
from router.cli.ledger.row_lines import row_lines
from router.ledger.books.store import SqlLedger
from router.ledger.row_reading import AFTERWARDS
from router.ledger.sql.database import Database
from router.ledger.tables.policies import record_policy
from router.types import Domain, RequestRow, RequestState, ReviewItem
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request
from tests.kits.books.open_ledgers import write_ledger
from tests.kits.changed import replace
from tests.kits.server_kit import PYTHON, environment, tiergate

ANSWERER = {"name": "small", "kind": "local", "model": "smollm2"}
COSTS = (120, 250, 0, 999, 1)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Five finished requests of tenant acme and one of tenant other, in November 2026."""
    rows = [request(f"r{n}", attempt(f"r{n}", cost=cost)) for n, cost in enumerate(COSTS)]
    rows.append(request("r9", attempt("r9"), tenant="other"))
    item = ReviewItem("rev_1", "r0", "acme", Domain.LEGAL, NOW_MS, question="May we?", store="full")
    return write_ledger(tmp_path / "ledger.db", rows, [item])


def said(*arguments: str | Path, code: int = 0) -> str:
    """Standard output of a run that ends with `code`."""
    run = tiergate(*arguments)
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run.stdout


@pytest.mark.process
def test_rows_are_one_json_object_a_line(database: Path) -> None:
    rows = [json.loads(x) for x in said("ledger", "rows", "--json", "-d", database).splitlines()]
    assert [row["request_id"] for row in rows] == ["r0", "r1", "r2", "r3", "r4", "r9"]
    assert [a["cost_nano_usd"] for row in rows[:5] for a in row["attempts"]] == list(COSTS)


@pytest.mark.process
def test_rows_of_one_tenant(database: Path) -> None:
    rows = said("ledger", "rows", "--json", "--tenant", "other", "-d", database).splitlines()
    assert [json.loads(row)["tenant"] for row in rows] == ["other"]


@pytest.mark.process
def test_limit_takes_the_latest(database: Path) -> None:
    rows = said("ledger", "rows", "--json", "--limit", "2", "-d", database).splitlines()
    assert [json.loads(row)["request_id"] for row in rows] == ["r4", "r9"]


@pytest.mark.process
@pytest.mark.parametrize(("since", "count"), [("2026-11-01", 6), ("2099-01-01T08:00", 0)])
def test_since_takes_dates(database: Path, since: str, count: int) -> None:
    rows = said("ledger", "rows", "--json", "--since", since, "-d", database).splitlines()
    assert len(rows) == count


@pytest.mark.process
@pytest.mark.parametrize("named", ["r3", "req_r3", "dec_r3", "chatcmpl-r3", "resp_r3", "msg_r3"])
def test_rows_take_an_id_as_clients_see_it(database: Path, named: str) -> None:
    rows = said("ledger", "rows", named, "--json", "-d", database).splitlines()
    assert [json.loads(row)["request_id"] for row in rows] == ["r3"]


@pytest.mark.process
def test_rows_come_in_the_order_they_are_asked_for(database: Path) -> None:
    rows = said("ledger", "rows", "req_r3", "req_r0", "-d", database).splitlines()[1:]
    assert [row.split()[2] for row in rows] == ["req_r3", "req_r0"]


@pytest.mark.process
def test_request_that_is_not_in_the_ledger_is_named_with_exit_code_1(database: Path) -> None:
    run = tiergate("ledger", "rows", "req_r3", "req_gone", "-d", database)
    assert run.returncode == 1
    assert "req_r3" in run.stdout
    assert "'req_gone' is not in this ledger; expected an id" in run.stderr


@pytest.mark.parametrize(
    "command", [("ledger", "rows"), ("decisions", "export"), ("decisions", "outcome", "--right")]
)
def test_an_unknown_id_prints_no_table_and_says_what_to_do(
    database: Path, command: tuple[str, ...]
) -> None:
    run = tiergate(*command, "req_gone", "-d", database)
    assert (run.returncode, run.stdout) == (1, "")
    assert "'req_gone' is not in this ledger; expected an id" in run.stderr
    assert f"Check the id, or name another ledger than {database} by --database" in run.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--tenant", "nobody"), "No row fits --tenant.\n"),
        (("--since", "2020-01", "--until", "2020-02"), "No row fits --since and --until.\n"),
    ],
)
def test_no_rows_are_said_in_place_of_an_empty_table(
    database: Path, options: tuple[str, ...], told: str
) -> None:
    said("keys", "create", "--tenant", "nobody", "-d", database)
    assert said("ledger", "rows", *options, "-d", database) == told


def test_an_empty_ledger_says_that_it_has_no_rows_yet(tmp_path: Path) -> None:
    empty = tmp_path / "ledger.db"
    asyncio.run(SqlLedger.open(empty, clock=StandingClock(), budget_of=lambda _: None).close())
    assert said("ledger", "rows", "-d", empty) == "No rows yet.\n"
    assert said("ledger", "rows", "--json", "-d", empty) == ""


def test_review_that_is_unknown_says_where_to_find_them(database: Path) -> None:
    for command in ("show", "done"):
        run = tiergate("review", command, "rev_gone", "-d", database)
        assert (run.returncode, run.stdout) == (1, "")
        assert "expected" in run.stderr
        assert "`tiergate review list`" in run.stderr


@pytest.mark.process
def test_ids_and_a_period_are_not_asked_for_together(database: Path) -> None:
    run = tiergate("ledger", "rows", "req_r3", "--since", "24h", "-d", database)
    assert (run.returncode, "ids or a period" in run.stderr) == (2, True)


@pytest.mark.process
def test_since_that_is_no_time_ends_with_2(database: Path) -> None:
    said("ledger", "rows", "--since", "yesterdayish", "-d", database, code=2)


@pytest.mark.process
@pytest.mark.parametrize(
    "command", [["ledger", "rows"], ["report"], ["replay", "-p", "default"], ["tune"]]
)
def test_period_that_ends_before_it_begins_ends_with_2(database: Path, command: list[str]) -> None:
    period = ("--since", "2026-11-20", "--until", "2026-11-01")
    run = tiergate(*command, *period, "--database", database)
    told = " ".join(run.stderr.replace("\u2502", "").split())
    assert (run.returncode, "is not before --until" in told) == (2, True)


@pytest.mark.process
def test_outcomes_without_their_columns_are_refused(database: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,correct\n1,1\n", encoding="utf-8")
    run = tiergate("tune", "--outcomes", tmp_path / "x.csv", "--database", database)
    assert (run.returncode, "no column request_id" in run.stderr) == (2, True)


@pytest.mark.process
def test_corrupt_ledger_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"no database" * 999)
    run = tiergate("report", "--database", path)
    assert run.returncode == 4
    assert run.stderr.startswith(f"tiergate: the ledger's database {str(path)!r} is corrupt")


def test_version_is_shown() -> None:
    run = tiergate("--version")
    assert (run.returncode, run.stdout.split()[0]) == (0, "tiergate")


@pytest.mark.process
def test_reader_that_stops_early_meets_no_traceback(database: Path) -> None:
    command = f"{PYTHON} -m router.cli ledger rows --json -d {database} | head -1"
    run = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=environment(), check=True
    )
    assert json.loads(run.stdout)["request_id"] == "r0"
    assert "Traceback" not in run.stderr


def test_missing_ledger_is_named_with_exit_code_4(tmp_path: Path) -> None:
    run = tiergate("ledger", "rows", "-d", tmp_path / "none.db")
    assert run.returncode == 4
    assert f"no ledger at '{tmp_path / 'none.db'}'" in run.stderr


def a_long_row(**changes: object) -> RequestRow:
    row = request("01m7wmxsfjzdfks3m5zmtb21v8", attempt("r"), tenant="a-tenant-of-some-length")
    long = replace(
        row,
        state=RequestState.UNKNOWN_COST,
        tier="resolve",
        model="resolver:a-policy-with-a-long-name@77120d3b3f00",
        cost_nano_usd=12_345_678_900_000,
        latency_ms=123_456.7,
    )
    return replace(long, **changes)


@pytest.mark.parametrize("width", [80, 100, 149, 150, 200])
def test_rows_keep_ids_with_figures_whole_in_any_width(width: int) -> None:
    lines = list(row_lines([a_long_row(), a_long_row(cost_nano_usd=120_000_000)], width))
    assert max(map(len, lines)) <= width
    shown = [line for line in lines if "req_01m7wmxsfjzdfks3m5zmtb21v8" in line.split()]
    assert [line.split()[3:5] for line in shown] == [
        ["$12,345.68", "123456.7"],
        ["$0.12", "123456.7"],
    ]


def test_rows_of_approved_words_name_no_model() -> None:
    lines = "\n".join(row_lines([a_long_row(model="tiergate-no-model")], 200))
    assert "no model: words that there is no answer" in lines
    assert "tiergate-no-model" not in lines


def test_rows_give_no_orders_to_a_terminal() -> None:
    row = a_long_row(model="\x1b[2J\x07evil", tenant="a\x9bb")
    assert all(line.isprintable() for line in row_lines([row], 200))


@pytest.mark.parametrize(("width", "lines_a_row"), [(149, 2), (150, 1)])
def test_rows_take_two_lines_where_one_is_too_short(width: int, lines_a_row: int) -> None:
    assert len(list(row_lines([a_long_row()], width))) == 2 * lines_a_row


def test_rows_in_a_file_are_one_line_each(database: Path) -> None:
    heading, *rows = said("ledger", "rows", "-d", database).splitlines()
    assert heading.split()[-5:] == ["state", "tier", "why", "tenant", "model"]
    ids = ["req_r0", "req_r1", "req_r2", "req_r3", "req_r4", "req_r9"]
    assert [row.split()[2] for row in rows] == ids
    assert rows[0].split()[5:] == ["settled", "1", "fast", "lowest_expected_loss", "acme", "nano-1"]


def test_export_has_a_line_per_attempt_that_sums_to_the_bill(database: Path) -> None:
    lines = csv.DictReader(io.StringIO(said("ledger", "export", "--csv", "-", "-d", database)))
    assert sum(int(line["cost_nano_usd"]) for line in lines) == sum(COSTS) + 120


def test_whole_books_verify_with_0(database: Path) -> None:
    told = said("ledger", "verify", "-d", database)
    assert "The books are whole: 6 requests by 1 writer cost" in told


def test_verified_rows_that_are_no_requests_are_named(database: Path) -> None:
    beside = (("s1", "shadow"), ("s2", "shadow"), ("v1", "review"))
    rows = [replace(request(name, attempt(name)), endpoint=endpoint) for name, endpoint in beside]
    write_ledger(database, rows)
    told = said("ledger", "verify", "-d", database)
    assert "whole: 9 rows (6 requests, 1 review, 2 shadows) by 1 writer cost" in told
    parsed = json.loads(said("ledger", "verify", "--json", "-d", database))
    assert (parsed["rows"], parsed["requests"]) == (9, 6)
    assert parsed["rows_beside_requests"] == {"review": 1, "shadow": 2}


def test_every_kind_of_row_that_is_no_request_has_words() -> None:
    assert BESIDE.keys() == AFTERWARDS


@pytest.mark.process
def test_edited_cost_is_named_with_exit_code_1(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE attempts SET cost_nano_usd = 1 WHERE request_id = 'r3'")
    parsed = json.loads(said("ledger", "verify", "--json", "-d", database, code=1))
    assert "r3" in {finding["request_id"] for finding in parsed["findings"]}


@pytest.mark.process
def test_purge_keeps_the_books_whole(database: Path) -> None:
    assert "6 rows dropped" in said("ledger", "purge", "--before", "0h", "--yes", "-d", database)
    said("ledger", "verify", "-d", database)


@pytest.mark.process
def test_purge_names_the_matters_that_nobody_has_decided(database: Path) -> None:
    purge = ("ledger", "purge", "--before", "0h", "-d", database)
    assert "1 matter that nobody has decided?" in said(*purge, code=1)
    assert "1 matter that nobody had decided went" in said(*purge, "--yes")


@pytest.mark.process
def test_purge_names_no_matter_whose_request_stays(tmp_path: Path) -> None:
    """A row that is to be kept comes first in the chain, so that the older one after it stays."""
    path, day_ms = tmp_path / "ledger.db", 86_400_000

    old = replace(request("old", attempt("old")), created_at_ms=NOW_MS - 2 * day_ms)
    item = ReviewItem("rev_1", "old", "acme", Domain.LEGAL, NOW_MS - 2 * day_ms)
    write_ledger(path, [request("young", attempt("young")), old], [item])
    before = datetime.fromtimestamp((NOW_MS - day_ms) / 1000, UTC).date().isoformat()
    dropped = said("ledger", "purge", "--before", before, "--yes", "-d", path)
    assert dropped == "0 rows dropped.\n"


@pytest.mark.process
def test_purge_that_is_not_confirmed_drops_nothing(database: Path) -> None:
    said("ledger", "purge", "--before", "0h", "-d", database, code=1)
    assert len(said("ledger", "rows", "--json", "-d", database).splitlines()) == 6


def test_key_is_shown_once(database: Path) -> None:
    made = json.loads(
        said("keys", "create", "--tenant", "acme", "--name", "web", "--json", "-d", database)
    )
    listed = said("keys", "list", "--json", "-d", database)
    assert made["key"].startswith("tg_")
    assert made["key"] not in listed
    assert json.loads(listed)[0]["scopes"] == ["chat"]


@pytest.mark.process
def test_a_key_is_revoked_by_its_name_where_one_active_key_has_it(database: Path) -> None:
    """Only the id was taken, so whoever had the name was told that there was no such key."""

    def create(tenant: str, name: str) -> str:
        made = said("keys", "create", "--tenant", tenant, "--name", name, "--json", "-d", database)
        return str(json.loads(made)["key_id"])

    first, second, third = create("acme", "web"), create("bolt", "web"), create("acme", "ci")
    run = tiergate("keys", "revoke", "web", "-d", database)
    assert run.returncode == 1
    assert f"{first} (tenant acme), {second} (tenant bolt)" in run.stderr
    assert said("keys", "revoke", first, "-d", database) == f"{first} is revoked.\n"
    assert said("keys", "revoke", "web", "-d", database) == f"{second} is revoked.\n"
    said("keys", "revoke", "web", "-d", database, code=1)  # no active key has it any more
    rotated = json.loads(said("keys", "rotate", "ci", "--json", "-d", database))
    assert rotated["key_id"] == third


@pytest.mark.process
def test_unknown_key_cannot_be_revoked(database: Path) -> None:
    said("keys", "revoke", "key_none", "-d", database, code=1)


@pytest.mark.process
@pytest.mark.parametrize(
    ("limits", "found"),
    [
        (("--policies", "mail"), "--policies has 'mail'; expected one of anthropic"),
        (("--policies", "customer_suport"), "did you mean `customer_support`?"),
        (("--tiers", "llm,lmm"), "--tiers has 'lmm'; expected one of"),
        (("--policies", "email_pipeline", "--tiers", "large"), "has 'large'; expected one of"),
        (("--policy", "default", "--policies", "openai"), "has 'openai'; expected one of default"),
    ],
)
def test_keys_are_limited_to_names_that_there_are(
    database: Path, limits: tuple[str, ...], found: str
) -> None:
    run = tiergate("keys", "create", "--tenant", "acme", *limits, "-d", database, COLUMNS="400")
    assert run.returncode == 2
    assert found in run.stderr
    assert json.loads(said("keys", "list", "--json", "-d", database)) == []


@pytest.mark.process
def test_keys_may_name_what_ledgers_and_files_know(database: Path, tmp_path: Path) -> None:
    served, own = tmp_path / "served.yaml", tmp_path / "own.yaml"
    for path in (served, own):
        tiers = [{"name": f"{path.stem}_tier", "level": 1, "answerers": [ANSWERER]}]
        path.write_text(json.dumps({"version": 1, "name": path.stem, "tiers": tiers}))
    held = Database.open(database)
    record_policy(held, "hash", "served", served.read_text(), NOW_MS)
    held.close()
    create = ("keys", "create", "--tenant", "acme", "--json", "-d", database)
    limits = ("--policies", "own,served", "--tiers", "own_tier,served_tier")
    said(*create, *limits, code=2)
    made = json.loads(said(*create, *limits, "--policy", own))
    assert made["policies"] == ["own", "served"]
    said(*create, "--policies", "default,served", "--tiers", "served_tier")


@pytest.mark.process
def test_keys_can_be_made_before_the_first_start(tmp_path: Path) -> None:
    create = ("keys", "create", "--tenant", "acme", "-d", tmp_path / "new" / "ledger.db")
    first, second = tiergate(*create), tiergate(*create)
    assert (first.returncode, second.returncode) == (0, 0)
    # A key in a ledger that no server uses opens nothing.
    assert "ledger.db was made for it: serve with this --database." in first.stderr
    assert "was made for it" not in second.stderr


@pytest.mark.process
def test_small_dollars_are_written_as_in_the_report(database: Path) -> None:
    listed = said("ledger", "rows", "-d", database)
    assert "$0.000000001 " in listed
    assert "e-0" not in listed


@pytest.mark.process
def test_report_sums_what_was_spent(database: Path) -> None:
    parsed = json.loads(said("report", "--json", "-d", database))
    assert parsed["spend_nano_usd"] == sum(COSTS) + 120


@pytest.mark.process
def test_a_report_of_one_tenant_says_whose_it_is(database: Path) -> None:
    said("keys", "create", "--tenant", "nobody", "-d", database)
    assert "; only tenant nobody; no requests; " in " ".join(
        said("report", "--tenant", "nobody", "-d", database).split()
    ).replace("— to —", "")
    filters = json.loads(said("report", "--tenant", "acme", "--json", "-d", database))["filters"]
    assert filters == {"tenant": ["acme"]}


@pytest.mark.process
def test_report_writes_files(database: Path, tmp_path: Path) -> None:
    html, table = tmp_path / "report.html", tmp_path / "report.csv"
    said("report", "--html", html, "--csv", table, "-d", database)
    assert html.read_text().startswith("<!doctype html>".upper()) or "<html" in html.read_text()
    assert table.read_text().startswith("section,key,metric,value")


@pytest.mark.process
def test_a_dash_writes_the_report_to_standard_output(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = said("report", "--html", "-", "-d", database)
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    assert not (tmp_path / "-").exists()


@pytest.mark.process
def test_report_without_a_file_is_for_the_terminal(database: Path) -> None:
    assert "6 requests cost" in said("report", "-d", database)
