"""What the files of a key add up to."""

from __future__ import annotations

from pathlib import Path

from router.ledger.sql.database import Database
from router.ledger.tables.files import LONGEST_UPLOAD_MS, SqlFiles
from router.types import Owner, StoredFile
from tests.kits.books.ledger_rows import NOW_MS, StandingClock

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
