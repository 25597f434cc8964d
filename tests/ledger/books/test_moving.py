"""Tests that a ledger is the same in another database, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from router.errors import LedgerError
from router.ledger.books.moving import copy_ledger
from router.ledger.books.verify import verify
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.sql.schema import metadata
from router.ledger.tables.keys import SqlKeyStore
from router.types import Scope
from tests.kits.books.ledger_rows import StandingClock, attempt, request
from tests.kits.books.ledger_sql import change, query
from tests.kits.books.open_ledgers import Ledgers


async def written(ledgers: Ledgers, path: Path) -> Path:
    """Writes a ledger with three rows and a key, whose writer has stopped."""
    ledger = ledgers(path)
    for number in range(3):
        name = f"r{number}"
        await ledger.finish(request(name, attempt(name, cost=7)))
    SqlKeyStore(ledger.database, StandingClock()).create("acme", [Scope.CHAT])
    await ledger.close()
    return path


def contents(address: str | Path) -> dict[str, list[tuple[object, ...]]]:
    """Returns the rows of all tables, in one order."""
    return {
        name: sorted(query(address, f'SELECT {", ".join(table.columns.keys())} FROM "{name}"'))
        for name, table in metadata.tables.items()
    }


async def test_a_copy_has_each_row_and_verifies(
    tmp_path: Path, address: str, ledgers: Ledgers
) -> None:
    path = await written(ledgers, tmp_path / "old.db")
    before = contents(path)
    source, target = ledgers.database(path), ledgers.database(address)
    assert copy_ledger(source, target) == sum(map(len, before.values())) > 4
    assert contents(address) == before
    found = verify(address)
    assert (found.findings, found.rows, found.cost_nano_usd) == ((), 3, 21)


async def test_a_chain_goes_on_in_the_copy(tmp_path: Path, address: str, ledgers: Ledgers) -> None:
    path = await written(ledgers, tmp_path / "old.db")
    copy_ledger(ledgers.database(path), ledgers.database(address))
    ledger = ledgers(address)
    await ledger.finish(request("new", attempt("new")))
    await ledger.close()
    found = verify(address)
    assert (found.findings, found.rows, found.writers) == ((), 4, 1)


async def test_a_ledger_whose_server_runs_is_not_copied(tmp_path: Path, ledgers: Ledgers) -> None:
    path = await written(ledgers, tmp_path / "old.db")
    running = ledgers(path)
    await running.finish(request("now", attempt("now")))
    target = ledgers.database(tmp_path / "new.db")
    with pytest.raises(LedgerError, match="stop it and copy again"):
        copy_ledger(ledgers.database(path), target)
    assert not any(contents(tmp_path / "new.db").values())


async def test_a_ledger_whose_server_has_no_row_yet_is_not_copied(
    tmp_path: Path, ledgers: Ledgers
) -> None:
    ledgers(tmp_path / "old.db")
    source, target = (ledgers.database(tmp_path / name) for name in ("old.db", "new.db"))
    with pytest.raises(LedgerError, match="stop it and copy again"):
        copy_ledger(source, target)


class WrittenMeanwhile(Database):
    """Changes the end of a chain once it is read, as a server does that comes and goes."""

    source: Path

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yields the state of before the row."""
        with super().snapshot() as connection:
            reading.chain_heads(connection)  # the first query sets which state is read
            change(self.source, "UPDATE requests SET row_hash = 'another'")
            yield connection


async def test_nothing_is_copied_where_a_server_wrote_meanwhile(
    tmp_path: Path, ledgers: Ledgers
) -> None:
    path = await written(ledgers, tmp_path / "old.db")
    source, target = WrittenMeanwhile.open(path), ledgers.database(tmp_path / "new.db")
    assert isinstance(source, WrittenMeanwhile)
    source.source = path
    with pytest.raises(LedgerError, match="written meanwhile"):
        copy_ledger(source, target)
    source.close()
    assert not any(contents(tmp_path / "new.db").values())


async def test_a_ledger_comes_back_from_another_database(
    tmp_path: Path, address: str, ledgers: Ledgers
) -> None:
    path = await written(ledgers, tmp_path / "old.db")
    before = contents(path)
    between, back = ledgers.database(address), ledgers.database(tmp_path / "back.db")
    copy_ledger(ledgers.database(path), between)
    copy_ledger(between, back)
    assert contents(tmp_path / "back.db") == before


async def test_nothing_is_copied_into_a_ledger_that_has_rows(
    tmp_path: Path, ledgers: Ledgers
) -> None:
    paths = [await written(ledgers, tmp_path / name) for name in ("old.db", "other.db")]
    source, target = (ledgers.database(path) for path in paths)
    before = contents(paths[1])
    with pytest.raises(LedgerError, match="expected an empty database"):
        copy_ledger(source, target)
    assert contents(paths[1]) == before


def test_a_new_database_is_empty(tmp_path: Path) -> None:
    Database.open(tmp_path / "new.db").close()
    assert not any(contents(tmp_path / "new.db").values())
