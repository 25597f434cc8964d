"""Runs `tiergate ledger copy`, and the commands that it prints."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from router.ledger.sql.address import Address
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.books.open_ledgers import write_ledger
from tests.kits.server_kit import COMMAND_S, environment, tiergate

pytestmark = pytest.mark.process


def printed(old: Path, address: str) -> list[str]:
    """Returns the commands that a copy prints."""
    run = tiergate("ledger", "copy", "--database", old, "--to", address)
    assert run.returncode == 0, run.stderr
    first, *commands, last = run.stdout.splitlines()
    assert first == f"5 rows copied to {Address.parse(address).shown}. Next:"
    assert last.startswith("Then start the servers")
    return [command.strip() for command in commands]


def test_printed_commands_can_be_pasted(tmp_path: Path, address: str) -> None:
    address = address.replace("postgres@", "postgres:very-secret@").replace("ledger.db", "a b.db")
    old = write_ledger(tmp_path / "old.db", [request("r1", attempt("r1"))])
    commands = "\n".join(printed(old, address))
    assert "very-secret" not in commands
    subprocess.run(
        ["sh", "-e", "-c", commands],
        env=environment(),
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=COMMAND_S,
    )
    anchors = tmp_path / "old.db.anchors"
    assert Address.parse(address).anchors.read_bytes() == anchors.read_bytes() != b""


def test_anchors_that_are_not_there_are_not_copied(tmp_path: Path) -> None:
    old = write_ledger(tmp_path / "old.db", [request("r1", attempt("r1"))])
    (tmp_path / "old.db.anchors").unlink()
    (verify,) = printed(old, str(tmp_path / "new.db"))
    assert "ledger verify" in verify
