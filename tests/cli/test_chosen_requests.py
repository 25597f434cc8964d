"""Requests chosen by whom they may be charged to: `ledger export` and `report` of a part."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from router.ledger.books.store import SqlLedger
from router.ledger.tables.keys import SqlKeyStore
from router.ledger.tables.reviews import SqlReviewQueue
from router.ledger.tables.tenant_secrets import TenantSecrets
from router.privacy.digest import digest
from router.types import Domain, JsonText, RequestState, ReviewItem, Scope
from tests.cli.test_export import ran
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request
from tests.kits.changed import replace

pytestmark = pytest.mark.process


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
    ran("keys", "create", "--tenant", "beta", "-d", charged)
    told = ran("report", *options, "-d", charged).stderr
    assert said in told
    assert bool(said) == bool(told)


def test_a_session_whose_requests_are_purged_may_have_had_some(charged: Path) -> None:
    ran("ledger", "purge", "--before", "0h", "--yes", "-d", charged)
    run = ran("report", "--session", "run-1", "--since", "2020-01", "-d", charged, code=2)
    assert "no request of this period is of session 'run-1' (up to 3 purged ones may be)" in (
        " ".join(run.stderr.split())
    )


def add_run(path: Path, name: str) -> None:
    """Adds a request of this session."""

    async def write() -> None:
        ledger = SqlLedger.open(path, clock=StandingClock(), budget_of=lambda _tenant: None)
        run = digest(TenantSecrets(ledger.database, StandingClock()).key_now("acme"), name)
        await ledger.finish(replace(request(name, attempt(name)), session_digest=run))
        await ledger.close()

    asyncio.run(write())


def test_a_report_of_several_sessions_names_one_that_may_be_purged(charged: Path) -> None:
    """It ended with an error, and nothing was told of the sessions whose requests are there."""
    ran("ledger", "purge", "--before", "0h", "--yes", "-d", charged)
    add_run(charged, "run-4")
    both = ("--session", "run-1", "--session", "run-4", "--since", "2020-01")
    run = ran("report", "--json", *both, "-d", charged)
    assert json.loads(run.stdout)["requests"] == 1
    assert run.stderr == (
        "No request of this period is of session 'run-1' (up to 3 purged ones may be); the report "
        "is of the others.\n"
    )


def test_an_export_names_tags_that_no_request_has(charged: Path) -> None:
    run = ran("ledger", "export", "--tag", "nope", "-d", charged)
    assert "No request has the tag 'nope'; the tags are 'sales', 'spring', " in run.stderr
    assert "0 attempts written." in run.stderr


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
    for form in ((), ("--all",)):
        assert "0.00000012" not in ran("report", *form, "-d", charged).stdout
        assert "$0.00000012" in ran("report", "--exact", *form, "-d", charged).stdout


def test_exact_shows_every_digit_in_the_sentences_too(charged: Path) -> None:
    first = ran("report", "--exact", "-d", charged).stdout.splitlines()[0]
    total = json.loads(ran("report", "--json", "-d", charged).stdout)["spend_nano_usd"]
    spent = f"{total / 10**9:.9f}".rstrip("0")
    assert f"${spent}" in first
    assert f"${spent}" not in ran("report", "-d", charged).stdout.splitlines()[0]


def test_a_filter_by_an_unknown_key_lists_ids_of_keys_without_names(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    key_id = json.loads(ran("keys", "create", "--tenant", "acme", "--json", "-d", database).stdout)[
        "key_id"
    ]
    run = ran("report", "--key", "ci", "-d", database, code=2)
    assert f"expected one of {key_id}" in " ".join(run.stderr.replace("\u2502", "").split())
