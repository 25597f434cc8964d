"""What the files of a key add up to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from router.errors import LedgerUnavailable
from router.ledger.sql.database import Database
from router.ledger.tables.files import LONGEST_UPLOAD_MS, PARTS_AT_ONCE, SPARE_BYTES, SqlFiles
from router.types import Owner, StoredFile
from tests.kits.books.ledger_rows import NOW_MS, StandingClock
from tests.kits.books.ledger_sql import query

OWNER = Owner("acme", "k1")


async def test_what_a_crash_left_of_an_upload_stops_to_count(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "ledger.db")
    files = SqlFiles(database, StandingClock(), lambda _: b"s" * 32)
    for name, begun_ms in (("young", NOW_MS - 1), ("left", NOW_MS - LONGEST_UPLOAD_MS)):
        file = StoredFile(f"file-{name}", OWNER, "batch", "", 0, begun_ms)
        await files.begin(file)
        await files.append(file, 0, b"1234")
    assert await files.usage(OWNER) == (1, 4)
    database.close()


@pytest.mark.parametrize(("spare", "kept"), [(0, True), (-1, False)])
async def test_an_upload_leaves_room_on_the_disk_of_the_ledger(
    tmp_path: Path, spare: int, kept: bool
) -> None:
    database = Database.open(tmp_path / "ledger.db")
    free = SPARE_BYTES + 2 * 4 + spare
    files = SqlFiles(database, StandingClock(), lambda _: b"s" * 32, lambda _folder: free)
    file = StoredFile("file-1", OWNER, "batch", "", 0, NOW_MS)
    await files.begin(file)
    if kept:
        assert await files.append(file, 0, b"1234") == 4
    else:
        with pytest.raises(LedgerUnavailable, match="make room there"):
            await files.append(file, 0, b"1234")
        assert await files.delete("file-1", OWNER)
    database.close()


@pytest.mark.parametrize("parts", [0, PARTS_AT_ONCE, PARTS_AT_ONCE + 1])
async def test_each_part_of_a_deleted_file_is_gone(address: str, parts: int) -> None:
    database = Database.open(address)
    files = SqlFiles(database, StandingClock(), lambda _: b"s" * 32)
    for name in ("gone", "other"):
        file = StoredFile(name, OWNER, "batch", "", 0, NOW_MS)
        await files.begin(file)
        for number in range(parts):
            await files.append(file, number, b"1234")
        await files.finish(file)
    assert await files.delete("gone", OWNER)
    assert await files.get("gone", OWNER) is None
    assert not await files.delete("gone", OWNER)
    database.close()
    left = query(address, "SELECT file_id, COUNT(*) FROM file_parts GROUP BY file_id")
    assert left == ([("other", parts)] if parts else [])


@pytest.mark.parametrize("parts", [0, PARTS_AT_ONCE, PARTS_AT_ONCE + 1])
async def test_each_part_of_a_file_whose_time_is_over_is_gone(address: str, parts: int) -> None:
    database = Database.open(address)
    files = SqlFiles(database, StandingClock(), lambda _: b"s" * 32)
    for name, expires_ms in (("over", NOW_MS), ("other", NOW_MS + 1)):
        file = StoredFile(name, OWNER, "batch", "", 0, NOW_MS, expires_ms)
        await files.begin(file)
        for number in range(parts):
            await files.append(file, number, b"1234")
        await files.finish(file)
    assert files.purge_expired() == 1
    assert files.purge_expired() == 0
    database.close()
    assert query(address, "SELECT file_id FROM files") == [("other",)]
    left = query(address, "SELECT file_id, COUNT(*) FROM file_parts GROUP BY file_id")
    assert left == ([("other", parts)] if parts else [])


class CountingDatabase(Database):
    """Counts its transactions, each of which lets other writers have their turn before it."""

    transactions = 0

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        self.transactions += 1
        with super().writing() as connection:
            yield connection


@pytest.mark.parametrize(("parts", "turns"), [(PARTS_AT_ONCE - 1, 1), (PARTS_AT_ONCE, 2)])
async def test_a_purge_lets_other_writers_have_their_turn(
    tmp_path: Path, parts: int, turns: int
) -> None:
    database = CountingDatabase.open(tmp_path / "ledger.db")
    assert isinstance(database, CountingDatabase)
    files = SqlFiles(database, StandingClock(), lambda _: b"s" * 32)
    file = StoredFile("over", OWNER, "batch", "", 0, NOW_MS, NOW_MS)
    await files.begin(file)
    for number in range(parts):
        await files.append(file, number, b"1234")
    await files.finish(file)
    before = database.transactions
    assert files.purge_expired() == 1
    assert database.transactions - before == 1 + turns  # the first one hides the file
    database.close()
