"""Tests the files of SQLite: where it cannot write, and locks that somebody removes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from router.errors import LedgerError, LedgerUnavailable
from router.ledger.books.verify import verify
from router.ledger.sql.database import Database
from router.ledger.sql.sqlite import LOG_BYTES
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.books.ledger_sql import query
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.server_kit import Served, Upstream, eventually, write_policy


def test_two_thousand_pages_wait_beside_the_file(tmp_path: Path) -> None:
    """With SQLite's own 1,000 pages each fiftieth lone request would wait for the disk."""
    path = tmp_path / "ledger.db"
    database = Database.open(path)
    try:
        connection = database.connect()
        for number in range(2_000):
            connection.execute(f"PRAGMA user_version = {number}")  # one page, one commit
        connection.close()
        assert (tmp_path / "ledger.db-wal").stat().st_size > 2_000 * 4_096
    finally:
        database.close()


def test_a_log_that_one_transaction_made_long_is_cut_again(
    tmp_path: Path, ledgers: Ledgers
) -> None:
    database, log = ledgers.database(tmp_path / "ledger.db"), tmp_path / "ledger.db-wal"
    insert, megabytes = "INSERT INTO meta (name, content) VALUES (?, ?)", "x" * 2_000_000

    def write(*names: str) -> None:
        with database.writing() as connection:
            for name in names:
                connection.exec_driver_sql(insert, (name, megabytes))

    with pytest.raises(LedgerError):  # the last name stands there already, so all is rolled back
        write("part", *(f"part {number}" for number in range(15)), "part")
    assert log.stat().st_size > 1.5 * LOG_BYTES
    for number in range(10):
        write(f"row {number}")
    assert log.stat().st_size <= LOG_BYTES


def test_folder_without_room_for_a_journal_is_told_as_one(tmp_path: Path) -> None:
    """As on a file system that is read-only: SQLite keeps a journal beside the file."""
    path = tmp_path / "ledger.db"
    Database.open(path).close()
    (tmp_path / "ledger.db-wal").mkdir()
    with pytest.raises(LedgerUnavailable, match="in a folder that this user may write"):
        Database.open(path)


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
async def test_ledger_whose_log_was_removed_refuses_what_nobody_else_could_read(
    tmp_path: Path, ledgers: Ledgers, suffix: str
) -> None:
    """The rows before are in the ledger's file from then on."""
    path = tmp_path / "ledger.db"
    ledger = ledgers(path)
    await ledger.finish(request("r1", attempt("r1")))
    path.with_name(path.name + suffix).unlink()
    with pytest.raises(LedgerUnavailable, match=f"{suffix} file was moved or removed"):
        await ledger.hold(request("r2"), attempt("r2"))
    assert not ledger.healthy
    await ledger.close()
    assert (verify(path).findings, verify(path).rows) == ((), 1)


@pytest.mark.parametrize("taken", [True, False])
async def test_a_writer_whose_lock_was_removed_goes_on(
    tmp_path: Path, ledgers: Ledgers, taken: bool
) -> None:
    """A cleaner of old files takes the empty ones; the next process to start takes the slot."""
    path = tmp_path / "ledger.db"
    first = ledgers(path)
    await first.finish(request("r1", attempt("r1")))
    paid = request("r3", attempt("r3"))
    await first.hold(paid, paid.attempts[0])
    shutil.rmtree(tmp_path / "ledger.db.writers")
    second = ledgers(path) if taken else first
    await second.finish(request("r2", attempt("r2")))
    await first.hold(request("r4"), attempt("r4"))
    await first.finish(request("r4", attempt("r4")))
    await first.finish(paid)
    assert first.healthy
    await second.close()
    await first.close()
    report = verify(path)
    assert (report.findings, report.rows, report.open_requests) == ((), 4, 0)
    writers = {row[0] for row in query(path, "SELECT DISTINCT writer_id FROM requests")}
    assert writers == ({"w1", "w2"} if taken else {"w1"})


@contextmanager
def unwritable(file: Path) -> Iterator[None]:
    """Keeps everybody from writing a file within the block, root too.

    Only root can make a file immutable, so that a write to its map kills. Another user takes their
    own right to write, which no map heeds: that shows the refusal and the return, and no more.
    """
    if os.geteuid() != 0:
        file.chmod(0o400)
    elif subprocess.run(["chattr", "+i", file], check=False).returncode:
        pytest.skip("this file system has no immutable files")
    try:
        yield
    finally:
        if os.geteuid() != 0:
            file.chmod(0o600)
        else:
            subprocess.run(["chattr", "-i", file], check=True)


@pytest.mark.process
def test_a_ledger_whose_map_becomes_read_only_ends_no_server(tmp_path: Path) -> None:
    """The system kills a process that writes to the map of such a file, as a reader does, too."""
    with (
        Upstream(tmp_path) as upstream,
        Served(tmp_path, write_policy(tmp_path, upstream.url)) as s,
    ):
        assert s.chat().status_code == 200
        with unwritable(tmp_path / "ledger.db-shm"):
            for _ in range(5):
                refused = s.chat()
                assert refused.json()["error"]["code"] == "ledger_unavailable", refused.text
            eventually(lambda: s.client.get("/readyz").status_code == 503)
            assert "its disk, became read-only" in s.output
            assert "Make it writable again" in s.output
        eventually(lambda: s.chat().status_code == 200)
