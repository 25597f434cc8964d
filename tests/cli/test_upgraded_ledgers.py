"""A command that upgrades an older ledger says so, on stderr, and knows its tenants."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.ledger.sql.schema import SCHEMA_VERSION
from tests.kits.books.old_ledgers import restored
from tests.kits.server_kit import tiergate
from tests.ledger.sql.test_migration import version


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return restored("0001", tmp_path)


@pytest.mark.parametrize(
    "command",
    [
        ("report", "--json"),
        ("ledger", "rows", "--json"),
        ("ledger", "verify", "--json"),
        ("keys", "list", "--json"),
        ("review", "list", "--json"),
    ],
    ids=" ".join,
)
def test_a_command_that_upgrades_a_ledger_says_so_once(old: Path, command: tuple[str, ...]) -> None:
    """The tables were changed for good, and nobody was told: only `serve` has a log."""
    before = version(old)
    first = tiergate(*command, "--database", str(old))
    line = f"tiergate: ledger upgraded: {old} had version {before}, and this Tiergate writes "
    assert f"{line}{SCHEMA_VERSION}; older Tiergates open this ledger no more." in first.stderr
    assert first.stderr.count("ledger upgraded") == 1
    for told in first.stdout.splitlines() if command[1] == "rows" else [first.stdout]:
        json.loads(told)
    again = tiergate(*command, "--database", str(old))
    assert "upgraded" not in again.stderr
    assert version(old) == SCHEMA_VERSION


def test_doctor_says_so_too(old: Path) -> None:
    run = tiergate("doctor", "--json", "--database", str(old))
    assert "tiergate: ledger upgraded: " in run.stderr
    json.loads(run.stdout)
