"""Runs `tiergate review` on a ledger that the tests write: what a reviewer sees and decides."""

from __future__ import annotations

import asyncio
import json
import shlex
from pathlib import Path

import pytest

from router.learning.labelling import Askable, item_of
from router.ledger.sql.database import Database
from router.ledger.tables.policies import record_policy
from router.ledger.tables.reviews import SqlReviewQueue
from router.types import AttemptState, Domain, ReviewItem
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request
from tests.kits.books.open_ledgers import write_ledger
from tests.kits.changed import replace
from tests.kits.server_kit import tiergate

pytestmark = pytest.mark.process

REVIEWS = ("rev_1", "rev_2")
ANSWERER = {"name": "small", "kind": "local", "model": "smollm2"}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A request of tenant acme that waits for a person, and one of tenant other."""
    rows = (request("r0", attempt("r0")), request("r9", attempt("r9"), tenant="other"))
    item = ReviewItem("rev_1", "r0", "acme", Domain.LEGAL, NOW_MS, question="May we?", store="full")
    return write_ledger(tmp_path / "ledger.db", rows, [item])


def said(*arguments: str | Path) -> str:
    """Standard output of a run that ends well."""
    run = tiergate(*arguments)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run.stdout


def test_review_says_why_it_has_no_text(database: Path) -> None:
    books, clock = Database.open(database), StandingClock()
    item = ReviewItem("rev_2", "r9", "other", Domain.LEGAL, NOW_MS, question="Shall we?")
    asyncio.run(SqlReviewQueue(books, clock=clock).add(item))
    books.close()
    listed = said("review", "list", "-d", database)
    assert "May we?" in listed
    assert "privacy.waiting was none" in listed
    assert "Shall we?" not in listed
    shown = {
        name: json.loads(said("review", "show", name, "--json", "-d", database)) for name in REVIEWS
    }
    assert shown["rev_1"]["no_text"] is None
    assert "privacy.waiting was none" in shown["rev_2"]["no_text"]
    erase = ("ledger", "erase", "--tenant", "acme", "--yes", "-d", database)
    assert "left to erase" not in said(*erase)
    assert said(*erase).startswith("Nothing left to erase of 'acme'")
    shown = {
        name: json.loads(said("review", "show", name, "--json", "-d", database)) for name in REVIEWS
    }
    assert (shown["rev_1"]["question"], "erased" in shown["rev_1"]["no_text"]) == (None, True)
    said("review", "done", "rev_1", "-d", database)
    shown["rev_1"] = json.loads(said("review", "show", "rev_1", "--json", "-d", database))
    assert "ends with the verdict" in shown["rev_1"]["no_text"]


def test_label_in_the_list_stands_beside_its_suggestion(database: Path) -> None:
    books, clock = Database.open(database), StandingClock()
    text = Askable("r0", "acme", "legal", "May we?", 0.4)
    item = item_of(text, "department", "contracts", 0.41, 0.3, NOW_MS)
    asyncio.run(SqlReviewQueue(books, clock=clock).add(item))
    books.close()
    assert "  department: contracts?\n" in said("review", "list", "-d", database)


def test_review_is_shown_on_lines_that_people_can_read(database: Path) -> None:
    lines = said("review", "show", "rev_1", "-d", database).splitlines()
    assert lines[0].startswith("rev_1  pending  ")
    assert lines[lines.index("question") + 1] == "    May we?"
    assert len(lines) < 10
    assert lines[-1].startswith("decide    tiergate review decide rev_1 ")


def test_the_printed_command_names_the_ledger_that_was_given(database: Path) -> None:
    """Copied without it, it looked for the item in another ledger."""
    line = said("review", "show", "rev_1", "-d", database).splitlines()[-1]
    command = line.removeprefix("decide    tiergate ").removesuffix(" (or correct, reject)")
    assert said(*shlex.split(command)).startswith("rev_1: approve, ")


def test_a_review_names_the_call_that_failed(tmp_path: Path) -> None:
    failed = replace(attempt("r0", state=AttemptState.FAILED), error_code="upstream_rejected")
    item = ReviewItem("rev_1", "r0", "acme", Domain.LEGAL, NOW_MS, question="May we?", store="full")
    path = write_ledger(tmp_path / "ledger.db", (request("r0", failed),), [item])
    shown = said("review", "show", "rev_1", "-d", path)
    assert f"failed    call of {failed.answerer}: upstream rejected\n" in shown


def test_no_text_of_a_review_acts_on_the_terminal(database: Path) -> None:
    books, clock = Database.open(database), StandingClock()
    asked = "May we?\n\x1b[2Jno\u202ereally"
    item = ReviewItem("rev_3", "r9", "acme", Domain.LEGAL, NOW_MS, question=asked, store="full")
    asyncio.run(SqlReviewQueue(books, clock=clock).add(item))
    books.close()
    shown = said("review", "show", "rev_3", "-d", database)
    assert "    May we?\n    \ufffd[2Jno\ufffdreally\n" in shown


def test_a_decided_review_shows_its_verdict_and_answer(database: Path) -> None:
    decided = ("--verdict", "correct", "--text", "No.", "--minutes", "3", "--by", "ann")
    said("review", "decide", "rev_1", *decided, "-d", database)
    shown = said("review", "show", "rev_1", "-d", database)
    assert "verdict   correct by ann, " in shown
    assert "3 minutes" in shown
    assert "decide    " not in shown


def test_review_says_its_minutes_beside_what_they_cost(database: Path, tmp_path: Path) -> None:
    policy = tmp_path / "own.yaml"
    written = {
        "version": 1,
        "name": "own",
        "tiers": [{"name": "small", "level": 1, "answerers": [ANSWERER]}],
        "review": {"reviewer_usd_per_minute": 1},
    }
    policy.write_text(json.dumps(written))
    decided = ("--verdict", "approve", "--minutes", "3", "--policy", policy, "-d", database)
    assert said("review", "decide", "rev_1", *decided) == "rev_1: approve, 3 minutes, $3.00.\n"


def test_review_item_is_listed_until_it_is_done(database: Path) -> None:
    assert json.loads(said("review", "list", "--json", "-d", database))[0]["review_id"] == "rev_1"
    shown = json.loads(said("review", "show", "rev_1", "--json", "-d", database))
    assert shown["question"] == "May we?"
    assert shown["decision"]["request_id"] == "r0"
    said("review", "done", "rev_1", "-d", database)
    assert json.loads(said("review", "list", "--json", "-d", database)) == []


def test_report_tells_what_a_minute_of_a_person_costs_where_matters_wait(database: Path) -> None:
    waits = "The 2 matters that wait for a person are in no cost yet: "
    books, clock = Database.open(database), StandingClock()
    item = ReviewItem("rev_2", "r9", "other", Domain.LEGAL, NOW_MS, question="Shall we?")
    asyncio.run(SqlReviewQueue(books, clock=clock).add(item))
    assert waits not in said("report", "-d", database)  # no policy of the period is known
    record_policy(books, "ab12", "default", "review: {reviewer_usd_per_minute: 1.5}\n", NOW_MS)
    books.close()
    told = f"{waits}a minute of a person costs $1.50 (by the policy)."
    for chosen in ((), ("--endpoint", "chat.completions")):
        shown = " ".join(said("report", "-d", database, *chosen).split())
        assert told in shown
