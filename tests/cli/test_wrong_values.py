"""Values of a careless hand, or of an empty variable of a shell: refused, and nothing is lost."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from router.cli.exits import Exit
from tests.kits.books.empty_ledger import empty_ledger
from tests.kits.books.ledger_rows import request
from tests.kits.books.open_ledgers import write_ledger
from tests.kits.server_kit import tiergate

pytestmark = pytest.mark.process

REFUSED = {
    "an option as other tools call it": (
        ("serve", "--db", "LEDGER"),
        "No such option: --db; did you mean --database?",
    ),
    "an option that is written wrong": (
        ("serve", "--databse", "LEDGER"),
        "No such option: --databse; did you mean --database?",
    ),
    "a command as other tools call it": (
        ("explain", "dec_1"),
        "No such command 'explain'; did you mean `tiergate route --explain \"TEXT\"`?",
    ),
    "a format that reports lack": (
        ("report", "--markdown"),
        "No such option: --markdown; did you mean --json or --html or --csv?",
    ),
    "a policy without its option": (
        ("serve", "mine.yaml"),
        "Got unexpected extra argument(s) (mine.yaml); did you mean --policy mine.yaml?",
    ),
    "an option for what is an argument": (
        ("check", "-p", "mine.yaml"),
        "No such option: -p; a policy stands here without an option: tiergate check FILE",
    ),
    "an argument of which nobody knows what it means": (
        ("keys", "list", "mine.yaml"),
        "Got unexpected extra argument(s) (mine.yaml)",
    ),
    "an end that other tools call so": (
        ("report", "--to", "2026-12"),
        "No such option: --to; did you mean --until?",
    ),
    "a form, of which each has its option": (
        ("report", "--format", "csv"),
        "No such option: --format; did you mean --json or --html or --csv?",
    ),
    "an erasure of whom an unset variable names": (
        ("privacy", "erase", "", "--yes"),
        "found ''; expected a name, an address or a number",
    ),
    "questions in another encoding": (
        ("knowledge", "evaluate", "LEDGER"),
        "ledger.db is no text in UTF-8; expected JSON lines",
    ),
    "anchors below a file": (
        ("serve", "--port", "0", "--anchors", "LEDGER/anchors"),
        "ledger.db is a file; expected a folder, or the name of a new one",
    ),
    "a collector of traces that is no address": (
        ("serve", "--port", "0", "--otlp", "127.0.0.1:4318"),
        "for --otlp: expected http://host:4318 or https://...",
    ),
    "a log of which no line can be read": (
        ("replay", "--policy", "default", "--from", "NOTES"),
        "--from: NOTES: 1 line could not be read: line 1: no JSON",
    ),
    "a log without a row": (
        ("replay", "--policy", "default", "--from", "EMPTY"),
        "--from: EMPTY: found no rows; expected a .csv or .jsonl file with a line for each request",
    ),
    "outcomes of which no line can be read": (
        ("replay", "--policy", "default", "--outcomes", "NOTES"),
        "--outcomes: NOTES: 1 line could not be read: line 1: no JSON",
    ),
    "two files of labels": (
        ("tune", "--labels", "NOTES", "--outcomes", "NOTES"),
        "give either --labels, which needs no ledger, or --outcomes",
    ),
    "a dossier that is none": (
        ("decisions", "verify", "LEDGER"),
        "ledger.db: found no dossier; expected a file that `tiergate decisions export` wrote",
    ),
    "a collection without a name": (
        ("knowledge", "add", ".", "--collection", ""),
        "found an empty name; expected one, or the option left out",
    ),
    "a bill that is a folder": (
        ("ledger", "reconcile", "--invoice", "/"),
        "/: found a folder; expected a .csv or .jsonl file",
    ),
    "a bill of another kind": (
        ("ledger", "reconcile", "--from", "LEDGER"),
        "found the ending '.db'; expected a .csv or .jsonl file",
    ),
    "a currency of no bill": (
        ("ledger", "reconcile", "--currency", "EUR"),
        "--currency, --rate and --map are about a bill; give --invoice, too",
    ),
    "an id in another encoding": (
        ("review", "show", os.fsdecode(b"caf\xe9")),
        "tiergate: found text with bytes that are no UTF-8; expected text in UTF-8",
    ),
    "a limit of twenty digits": (
        ("ledger", "rows", "--limit", "99999999999999999999"),
        "'--limit': found '99999999999999999999'; expected at most 1000000000",
    ),
    "minutes that are no number": (
        ("learn", "run", "--minutes", "nan"),
        "'--minutes': found 'nan'; expected a number",
    ),
    "more minutes than there are": (
        ("learn", "run", "--minutes", "1e9"),
        "'--minutes': found '1e9'; expected at most 1000000",
    ),
    "a port in words": (
        ("serve", "--port", "http"),
        "(env var: 'TIERGATE_PORT'): found 'http'; expected a whole number",
    ),
    "an id that is empty": (("ledger", "rows", ""), "'' is not in this ledger; expected an id"),
    "a purge of what is to come": (
        ("ledger", "purge", "--yes", "--before", "9999-12-31"),
        "'9999-12-31' is still to come; expected a time that is past",
    ),
    "a time before the calendar": (
        ("ledger", "rows", "--since", "999999999w"),
        "'999999999w' leads out of the years 1 to 9999; expected a nearer time",
    ),
    "a time in words": (
        ("ledger", "rows", "--until", "yesterday"),
        "Invalid value for --until: 'yesterday' is no point in time; expected 24h, 7d",
    ),
    "a key that ends in words": (
        ("keys", "create", "--tenant", "acme", "--expires", "soon"),
        "Invalid value for --expires: 'soon' is no point in time; expected 24h, 7d",
    ),
    "a key that ends after the calendar": (
        ("keys", "create", "--tenant", "acme", "--expires", "999999999w"),
        "'999999999w' leads out of the years 1 to 9999; expected a nearer time",
    ),
    "a key that ended": (
        ("keys", "create", "--tenant", "acme", "--expires", "2020-01-01"),
        "'2020-01-01' is past; expected an end that is still to come",
    ),
    "a key of nobody": (
        ("keys", "create", "--tenant", ""),
        "found an empty name; expected who pays",
    ),
    "a key limited to an empty variable": (
        ("keys", "create", "--tenant", "acme", "--policies", ""),
        "found '', which names nothing; expected names with commas",
    ),
    "a key limited to a comma": (
        ("keys", "create", "--tenant", "acme", "--tiers", ","),
        "found ',', which names nothing; expected names with commas",
    ),
    "a policy that is not there": (
        ("keys", "create", "--tenant", "acme", "--policy", "missing.yaml"),
        "missing.yaml: found no such file; expected a policy file",
    ),
    "a figure in place of the ledger": (
        ("report", "--html", "LEDGER"),
        "ledger.db is a database, which would be lost; expected the name of another file",
    ),
    "Parquet on standard output": (
        ("report", "--parquet", "-"),
        "'--parquet': - would be standard output; expected the name of a file",
    ),
    "a rollout that is taken back for no reason": (
        ("rollout", "rollback", "shop", "--why", " "),
        "'--why': found no word; expected the reason, which the history keeps",
    ),
    "labels that are set aside for no reason": (
        ("learn", "untell", "--key", "key_1", "--because", ""),
        "'--because': found no word; expected the reason, which the history keeps",
    ),
    "words of an unset key": (
        ("learn", "untell", "--because", "x", "--key", ""),
        "for --key: found an empty name; expected one, or no --key, which chooses all",
    ),
    "an answer that is no text": (
        ("review", "decide", "r", "--verdict", "correct", "--minutes", "1", "--file", "LEDGER"),
        "ledger.db is no text in UTF-8; expected the right answer",
    ),
    "an answer that is not there": (
        ("review", "decide", "r", "--verdict", "correct", "--minutes", "1", "--file", "missing"),
        "missing cannot be read (No such file or directory); expected a file with the right answer",
    ),
    "a weight without end": (
        ("dataset", "build", "--clip", "inf"),
        "'--clip': found 'inf'; expected at most 1000000",
    ),
    "anchors that are not there": (
        ("ledger", "verify", "--anchors", "missing.anchors"),
        "cannot read the anchors file 'missing.anchors': No such file or directory; expected",
    ),
    "anchors that are a folder": (
        ("ledger", "verify", "--anchors", "/"),
        "cannot read the anchors file '/': Is a directory; expected the file that the server wrote",
    ),
}
CODES = dict.fromkeys(
    ("an id that is empty", "a dossier that is none"), Exit.FAILURE
) | dict.fromkeys(
    ("an id in another encoding", "anchors that are not there", "anchors that are a folder"),
    Exit.LEDGER,
)


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_value_is_named_with_what_is_expected(tmp_path: Path, case: str) -> None:
    arguments, words = REFUSED[case]
    ledger = empty_ledger(tmp_path / "ledger.db")
    notes = tmp_path / "notes.jsonl"
    notes.write_text("Call the bank.", encoding="utf-8")
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    places = {"LEDGER": str(ledger), "NOTES": str(notes), "EMPTY": str(empty)}
    named = [
        functools.reduce(lambda text, place: text.replace(*place), places.items(), one)
        for one in arguments
    ]
    words = words.replace("NOTES", str(notes)).replace("EMPTY", str(empty))
    run = tiergate(*named, "--database", ledger)
    assert run.returncode == CODES.get(case, Exit.USAGE), run.stderr
    assert words in run.stderr
    assert "No keys" in tiergate("keys", "list", "--database", ledger).stdout


def test_a_text_of_several_words_belongs_in_quotes() -> None:
    run = tiergate("route", "hello", "there")
    assert run.returncode == Exit.USAGE
    assert "(there); put a text of several words in quotes" in run.stderr


@pytest.mark.parametrize(
    "command",
    [("report",), ("ledger", "export"), ("keys", "list"), ("privacy", "erase", "Jo", "--yes")],
    ids=" ".join,
)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "'--tenant': found an empty name; expected one, or the option left out"),
        (b"caf\xe9", "which is no UTF-8; expected a name in UTF-8"),
    ],
)
def test_the_name_of_nobody_is_no_tenant(
    tmp_path: Path, command: tuple[str, ...], name: str | bytes, words: str
) -> None:
    ledger = empty_ledger(tmp_path / "ledger.db")
    run = tiergate(*command, "--tenant", os.fsdecode(name), "--database", ledger)
    assert run.returncode == Exit.USAGE
    assert words in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize(
    "command",
    [("report",), ("ledger", "rows"), ("ledger", "export"), ("ledger", "reprice"), ("review",)],
    ids=" ".join,
)
def test_a_mistyped_tenant_is_refused_with_the_nearest_first(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    rows = [request("r1", tenant="acme"), request("r2", tenant="zebra")]
    ledger = write_ledger(tmp_path / "ledger.db", rows)
    named = (*command, "list") if command == ("review",) else command
    run = tiergate(*named, "--tenant", "acmee", "--database", ledger)
    assert run.returncode == Exit.USAGE, run.stderr
    assert "no tenant is called 'acmee'; this ledger has acme, zebra" in run.stderr
    assert run.stdout == ""
    assert tiergate(*named, "--tenant", "acme", "--database", ledger).returncode == 0


def test_a_tenant_who_has_a_key_alone_is_known(tmp_path: Path) -> None:
    ledger = write_ledger(tmp_path / "ledger.db", [request("r1", tenant="acme")])
    assert tiergate("keys", "create", "--tenant", "new", "-d", ledger).returncode == 0
    assert tiergate("report", "--tenant", "new", "-d", ledger).returncode == 0


@pytest.mark.parametrize(
    ("tenant", "words"),
    [
        ("*", "means all tenants without a budget of their own"),
        ("ac\u00a0me", "with U+00A0, which nobody sees"),
        ("acme\u200b", "with U+200B, which nobody sees"),
        ("ac\tme", "with U+0009, which nobody sees"),
    ],
)
def test_no_key_is_made_for_a_name_that_means_another(
    tmp_path: Path, tenant: str, words: str
) -> None:
    ledger = empty_ledger(tmp_path / "ledger.db")
    run = tiergate("keys", "create", "--tenant", tenant, "-d", ledger)
    assert run.returncode == Exit.USAGE
    assert words in run.stderr
    assert "No keys" in tiergate("keys", "list", "-d", ledger).stdout


def test_a_model_that_another_served_policy_knows_is_told_that_policy() -> None:
    served = ("--policy", "domain_endpoints", "--policy", "default")
    run = tiergate("route", "hello", *served, "--model", "tier:reasoning")
    told = " ".join(run.stderr.split())
    assert run.returncode == 1
    assert "The policy default knows it: ask with routing.policy default." in told
    assert "aliases of policy" not in told
