"""Runs `tiergate ledger reprice` as people do, on a ledger that the tests write."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from router.ledger.books.store import SqlLedger
from router.ledger.sql.database import Database
from router.ledger.tables.policies import record_policy
from router.policy.loading import policies_dir
from router.types import Usage
from tests.kits.books.ledger_rows import StandingClock, attempt, request
from tests.kits.books.open_ledgers import write_ledger
from tests.kits.changed import replace
from tests.kits.server_kit import tiergate

BOOK = """\
version: 1
name: ours
as_of: 2026-01-01
models:
  nano-1:
    - {input_usd_per_mtok: 1, output_usd_per_mtok: 4}
    - {valid_from: 2027-01-01, input_usd_per_mtok: 2, output_usd_per_mtok: 8}
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Two calls of nano-1 and one of a model that nobody prices, in November 2026."""
    path = tmp_path / "ledger.db"
    usage = Usage(1_000, 0, 0, 50, 0, True)

    rows = []
    for name, tenant in (("r0", "acme"), ("r1", "other")):
        call = replace(attempt(name, cost=1_000_000), usage=usage)
        told = replace(call, provider_cost_nano_usd=1_300_000)
        rows.append(request(name, told, tenant=tenant))
    odd = replace(attempt("r2", cost=777), model="unheard-of", usage=usage)
    write_ledger(path, [*rows, request("r2", odd)])
    (tmp_path / "book.yaml").write_text(BOOK, encoding="utf-8")
    return path


def said(database: Path, *arguments: str | Path) -> dict[str, object]:
    run = tiergate("ledger", "reprice", "-d", database, "--json", *arguments)
    assert run.returncode == 0, run.stdout + run.stderr
    parsed = json.loads(run.stdout)
    assert isinstance(parsed, dict)
    return parsed


def book(database: Path) -> Path:
    return database.with_name("book.yaml")


@pytest.mark.process
def test_the_same_usage_at_another_book(database: Path) -> None:
    # 1,000 x $1 + 50 x $4 a million is 1,200,000 nano-dollars, where 1,000,000 are booked.
    found = said(database, "--prices", book(database))
    assert found["booked_nano_usd"] == 2_000_000
    assert found["repriced_nano_usd"] == 2_400_000
    assert found["difference_nano_usd"] == 400_000
    assert found["difference_usd"] == "0.0004"


@pytest.mark.process
def test_the_same_usage_on_another_day(database: Path) -> None:
    found = said(database, "--prices", book(database), "--on", "2027-01-01")
    assert found["repriced_nano_usd"] == 4_800_000


@pytest.mark.process
def test_of_one_tenant(database: Path) -> None:
    found = said(database, "--prices", book(database), "--tenant", "other")
    assert found["tenants"] == [{**_sums(found), "tenant": "other"}]
    assert found["booked_nano_usd"] == 1_000_000


def _sums(found: dict[str, object]) -> dict[str, object]:
    rows = found["tiers"]
    assert isinstance(rows, list)
    return {key: found[key] for key in rows[0] if key != "tier"}


@pytest.mark.process
def test_an_unknown_price_is_a_warning_beside_the_sums(database: Path) -> None:
    found = said(database, "--prices", book(database))
    assert found["no_price"] == {"unheard-of": 1}
    assert (found["left_out"], found["left_out_nano_usd"]) == (1, 777)
    assert "unheard-of (1)" in str(found["warnings"])
    models = found["models"]
    assert isinstance(models, list)
    (unknown,) = [model for model in models if model["model"] == "unheard-of"]
    assert (unknown["repriced_nano_usd"], unknown["difference_nano_usd"]) == (None, None)


@pytest.mark.process
def test_what_providers_told_is_compared(database: Path) -> None:
    provider = said(database)["provider"]
    assert isinstance(provider, dict)
    assert provider["calls"] == 2
    assert provider["difference_nano_usd"] == 600_000


@pytest.mark.process
def test_the_report_tells_what_providers_told(database: Path) -> None:
    run = tiergate("report", "-d", database, "--json")
    parsed = json.loads(run.stdout)
    assert parsed["provider"]["difference_nano_usd"] == 600_000
    assert any("Calls whose provider reported their cost: 2." in note for note in parsed["notes"])


def test_no_row_is_changed(database: Path) -> None:
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    said(database, "--prices", book(database))
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before
    assert tiergate("ledger", "verify", "-d", database).returncode == 0


@pytest.mark.process
def test_people_read_tables_and_warnings(database: Path) -> None:
    run = tiergate("ledger", "reprice", "-d", database, "--prices", book(database))
    assert run.returncode == 0
    assert "2 of 3 calls are booked at $0.002; at the prices of" in run.stdout
    assert "+$0.0004" in run.stdout
    for name in ("By tier", "By model", "By tenant", "By day", "2026-11-18"):
        assert name in run.stdout
    assert (
        "Warning: Calls without a known price there, which is not a price of 0: unheard-of (1)"
        in run.stdout
    )


@pytest.mark.process
def test_a_broken_book_is_told_with_every_mistake(database: Path) -> None:
    broken = BOOK.replace("version: 1", "version: 2").replace("as_of: 2026", "as_of: May 2026")
    book(database).write_text(broken, encoding="utf-8")
    run = tiergate("ledger", "reprice", "-d", database, "--prices", book(database))
    assert run.returncode == 2
    assert "2 mistakes in the price book" in run.stderr
    assert f"{book(database)}:3: as_of" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--on", "someday"), "expected one like 2027-01-15"),
        (("--policy", "no-such"), "a policy file"),
        (("--prices", "/nowhere/book.yaml"), "a readable file"),
    ],
)
def test_wrong_usage_ends_with_2(database: Path, arguments: tuple[str, ...], told: str) -> None:
    run = tiergate("ledger", "reprice", "-d", database, *arguments)
    assert run.returncode == 2
    assert told in " ".join(run.stderr.replace("│", " ").split())
    assert "Traceback" not in run.stderr


OWN = """\
version: 1
name: {name}
tiers:
  - name: fast
    level: 2
    answerers:
      - name: {answerer}
        kind: upstream
        model: nano-1
        base_urls: ["http://127.0.0.1:1/v1"]
        price: {{input_usd_per_mtok: {usd}, output_usd_per_mtok: 4}}
"""


def recorded(tmp_path: Path, name: str, *prices: int) -> Path:
    """Returns a ledger whose one row was decided by the last of these versions of a policy."""
    path = tmp_path / "ledger.db"
    call = replace(attempt("r0", cost=1_000_000), usage=Usage(1_000, 0, 0, 50, 0, True))

    async def write() -> None:
        ledger = SqlLedger.open(path, clock=StandingClock(), budget_of=lambda _tenant: None)
        for version, usd in enumerate(prices):
            text = OWN.format(name=name, answerer=call.answerer, usd=usd)
            record_policy(ledger.database, f"h{version}", name, text, version)
        made_by = f"h{max(0, len(prices) - 1)}"
        await ledger.finish(replace(request("r0", call), policy=name, policy_hash=made_by))
        await ledger.close()

    asyncio.run(write())
    return path


@pytest.mark.process
@pytest.mark.parametrize("name", ["ours", "openai"])
def test_a_policy_of_ones_own_is_read_from_the_ledger(tmp_path: Path, name: str) -> None:
    """Also under the name of a shipped one, which has other prices."""
    found = said(recorded(tmp_path, name, 9, 1))
    # The version that the row names: 1,000 x $1 + 50 x $4 a million.
    assert (found["left_out"], found["repriced_nano_usd"]) == (0, 1_200_000)
    read_from = "as the ledger keeps it"
    assert found["policies"] == [{"policy": name, "hash": "h1", "calls": 1, "read_from": read_from}]


@pytest.mark.process
@pytest.mark.parametrize("named", ["", "prices: book.yaml\n"])
def test_a_policys_own_price_book_is_read_from_the_ledger(tmp_path: Path, named: str) -> None:
    """It may lie beside a policy that names no book, too."""
    path = recorded(tmp_path, "ours")
    database = Database.open(path)
    answerer = attempt("r0").answerer
    text, line = OWN.format(name="ours", answerer=answerer, usd=9), "        price: {"
    priced_by_book = "".join(one for one in text.splitlines(True) if not one.startswith(line))
    record_policy(database, "h0", "ours", priced_by_book + named, 1, BOOK)
    database.close()
    found = said(path)
    assert (found["left_out"], found["repriced_nano_usd"]) == (0, 1_200_000)


@pytest.mark.process
def test_a_shipped_policy_of_the_same_text_is_the_shipped_one(tmp_path: Path) -> None:
    path = recorded(tmp_path, "openai")
    text = (policies_dir() / "openai.yaml").read_text(encoding="utf-8")
    database = Database.open(path)
    record_policy(database, "h0", "openai", text, 1)
    database.close()
    run = tiergate("ledger", "reprice", "-d", path)
    assert run.returncode == 0, run.stderr
    assert "Policy openai h0: 1 call, the shipped one." in run.stdout


def two_sides(tmp_path: Path) -> Path:
    """Returns a ledger with a call of a base at $1 and one of its candidate at $9, kept later."""
    path, usage = tmp_path / "ledger.db", Usage(1_000, 0, 0, 50, 0, True)
    base = replace(attempt("r0", cost=1_200_000), usage=usage)
    tried = replace(attempt("r1", cost=9_200_000), usage=usage, model="large-1")

    async def write() -> None:
        ledger = SqlLedger.open(path, clock=StandingClock(), budget_of=lambda _tenant: None)
        text = OWN.format(name="ours", answerer=base.answerer, usd=1)
        (tmp_path / "ours.yaml").write_text(text, encoding="utf-8")
        record_policy(ledger.database, "base", "ours", text, 1)
        dearer = text.replace("nano-1", "large-1").replace("mtok: 1,", "mtok: 9,")
        record_policy(ledger.database, "tried", "ours", dearer, 2)
        for call, made_by in ((base, "base"), (tried, "tried")):
            row = replace(request(call.request_id, call), policy="ours", policy_hash=made_by)
            await ledger.finish(row)
        await ledger.close()

    asyncio.run(write())
    return path


@pytest.mark.process
def test_each_side_of_a_rollout_is_priced_by_its_own_policy(tmp_path: Path) -> None:
    """Without a changed price no difference is one; the candidate priced both, or the base."""
    found = said(two_sides(tmp_path))
    assert (found["left_out"], found["difference_nano_usd"]) == (0, 0)
    sides = found["policies"]
    assert isinstance(sides, list)
    assert {(side["hash"], side["calls"]) for side in sides} == {("base", 1), ("tried", 1)}


@pytest.mark.process
def test_a_candidates_calls_at_the_bases_prices_are_named(tmp_path: Path) -> None:
    path = two_sides(tmp_path)
    found = said(path, "--policy", tmp_path / "ours.yaml")
    assert found["difference_nano_usd"] == 1_200_000 - 9_200_000
    answerer = attempt("r0").answerer
    assert found["priced_as_another_model"] == [
        {"answerer": answerer, "model": "large-1", "priced_as": "nano-1", "calls": 1}
    ]
    assert f"{answerer}: large-1 as nano-1 (1)" in str(found["warnings"])


@pytest.mark.process
def test_a_policy_that_the_ledger_does_not_keep_is_named(tmp_path: Path) -> None:
    found = said(recorded(tmp_path, "ours"))
    assert (found["left_out"], found["difference_nano_usd"]) == (1, None)
    assert "cannot be read, so they are left out: ours h0 (1)" in str(found["warnings"])
