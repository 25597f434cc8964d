"""Names what is no ledger: a folder, an empty file, a file or a database of another program."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from router.cli.exits import Exit
from tests.kits.server_kit import tiergate

pytestmark = pytest.mark.process


def places(folder: Path) -> dict[str, Path]:
    (folder / "empty.db").touch()
    (folder / "notes.txt").write_text("Call the bank.", encoding="utf-8")
    with closing(sqlite3.connect(folder / "other.db")) as other:
        other.execute("CREATE TABLE songs (title)")
    return {
        "no ledger at": folder / "missing.db",
        "found the folder": folder,
        "found an empty file": folder / "empty.db",
        "is corrupt, or it is another kind of file": folder / "notes.txt",
        "found a database of another program": folder / "other.db",
        "cannot be opened (File name too long)": folder / ("n" * 300),
        "cannot be opened (Not a directory)": folder / "notes.txt" / "ledger.db",
    }


@pytest.mark.parametrize("command", [("report",), ("ledger", "verify"), ("rollout", "status")])
def test_what_is_no_ledger_is_named_with_what_is_expected(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    for words, place in places(tmp_path).items():
        run = tiergate(*command, "--database", place)
        assert run.returncode == Exit.LEDGER, run.stderr
        assert words in run.stderr
        assert "with --database" in run.stderr


def test_a_database_of_another_program_gets_no_tables(tmp_path: Path) -> None:
    other = places(tmp_path)["found a database of another program"]
    run = tiergate("keys", "create", "--tenant", "acme", "--database", other)
    assert run.returncode == Exit.LEDGER
    assert "it has a table 'songs'" in run.stderr
    with closing(sqlite3.connect(other)) as read:
        assert read.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("ledger", "verify")])
def test_a_database_that_is_away_is_named_without_its_password(command: tuple[str, ...]) -> None:
    run = tiergate(*command, "--database", "postgresql://me:secret@127.0.0.1:9/books")
    assert run.returncode == Exit.LEDGER
    said = run.stderr.splitlines()[-1]
    assert said.count("postgresql://me:***@127.0.0.1:9/books") == 1
    assert "secret" not in run.stderr
