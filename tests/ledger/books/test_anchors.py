"""An anchors file takes the anchors of one ledger, and says why it takes no others."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from router.errors import LedgerError
from router.ledger.books.anchors import check_outside, difference, outside_anchors
from router.ledger.books.purge import purge
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.hash_chain import Anchor, make_anchor
from router.ledger.sql.database import Database
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request

ANOTHER, BEHIND, FORKED = "is another ledger's", "restored from a backup", "of another database"


def written(path: Path, name: str, anchors: Path) -> str:
    """Writes one row into a ledger, and returns why its anchors file was not added to."""
    clock = StandingClock()
    ledger = SqlLedger.open(path, clock=clock, budget_of=lambda _: None, anchors_file=anchors)

    async def write() -> None:
        line = attempt(name, cost=1, started_at_ms=NOW_MS)
        await ledger.finish(request(name, line))
        await ledger.close()

    asyncio.run(write())
    return ledger.anchors_fault


@pytest.fixture
def anchors(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "anchors"


def test_another_ledger_adds_nothing(tmp_path: Path, anchors: Path) -> None:
    assert written(tmp_path / "a.db", "r1", anchors) == ""
    before = anchors.read_bytes()
    assert ANOTHER in written(tmp_path / "b.db", "r2", anchors)
    assert anchors.read_bytes() == before
    assert verify(tmp_path / "a.db", anchors).whole
    checked = verify(tmp_path / "b.db", anchors)
    assert not checked.whole
    assert ANOTHER in checked.anchors_differ


def test_of_a_file_that_another_ledger_writes_one_refusal_is_kept(
    tmp_path: Path, anchors: Path
) -> None:
    database, refused = Database.open(tmp_path / "b.db", create=True), dict[str, str]()
    for name in ("r1", "r2", "r3"):
        written(tmp_path / "a.db", name, anchors)
        with pytest.raises(LedgerError, match=ANOTHER):
            check_outside(database, anchors, refused)
    database.close()
    assert len(refused) == 1


def test_restored_ledger_adds_nothing_to_a_file_that_knows_more(
    tmp_path: Path, anchors: Path
) -> None:
    written(tmp_path / "live.db", "r1", anchors)
    shutil.copy(tmp_path / "live.db", tmp_path / "copy.db")
    written(tmp_path / "live.db", "r2", anchors)
    assert BEHIND in written(tmp_path / "copy.db", "r3", anchors)
    # Its own row is anchored in its database by now, so the two have parted.
    assert FORKED in verify(tmp_path / "copy.db", anchors).anchors_differ
    assert verify(tmp_path / "live.db", anchors).whole


def test_restored_ledger_is_whole_with_a_new_file(tmp_path: Path, anchors: Path) -> None:
    written(tmp_path / "live.db", "r1", anchors)
    shutil.copy(tmp_path / "live.db", tmp_path / "backup.db")
    written(tmp_path / "live.db", "r2", anchors)
    shutil.copy(tmp_path / "backup.db", tmp_path / "live.db")
    assert BEHIND in verify(tmp_path / "live.db", anchors).anchors_differ
    anchors.rename(anchors.with_suffix(".old"))
    assert written(tmp_path / "live.db", "r3", anchors) == ""
    assert verify(tmp_path / "live.db", anchors).whole


def test_ledger_is_told_when_its_copy_wrote_first(tmp_path: Path, anchors: Path) -> None:
    written(tmp_path / "live.db", "r1", anchors)
    shutil.copy(tmp_path / "live.db", tmp_path / "copy.db")
    assert written(tmp_path / "copy.db", "r2", anchors) == ""  # nothing tells the two apart yet
    assert BEHIND in written(tmp_path / "live.db", "r3", anchors)
    assert FORKED in written(tmp_path / "live.db", "r4", anchors)


def test_file_is_used_again_once_it_is_put_right(tmp_path: Path, anchors: Path) -> None:
    written(tmp_path / "a.db", "r1", anchors)
    clock = StandingClock()
    ledger = SqlLedger.open(
        tmp_path / "b.db", clock=clock, budget_of=lambda _: None, anchors_file=anchors
    )
    try:
        assert ANOTHER in ledger.anchors_fault
        anchors.unlink()
        ledger._anchorer.write()  # as after a minute
        assert ledger.anchors_fault == ""
    finally:
        ledger.close_now()


def test_owed_anchor_is_written_without_a_second_one(tmp_path: Path, anchors: Path) -> None:
    assert written(tmp_path / "a.db", "r1", anchors) == ""
    anchors.rename(anchors.with_suffix(".moved"))
    anchors.mkdir()
    assert "Is a directory" in written(tmp_path / "a.db", "r2", anchors)
    anchors.rmdir()
    ledger = SqlLedger.open(
        tmp_path / "a.db", clock=StandingClock(), budget_of=lambda _: None, anchors_file=anchors
    )
    anchors.unlink()
    anchors.mkdir()
    ledger.chained_beside()
    for _ in range(3):
        ledger._anchorer.write()
    assert "Is a directory" in ledger.anchors_fault
    anchors.rmdir()
    ledger.close_now()
    assert len(outside_anchors(anchors)) == 1
    assert verify(tmp_path / "a.db", anchors).anchors == 3


@pytest.mark.parametrize("text", ["a note\n", "a note", '{"price": 1}\n'])
def test_file_of_something_else_stays_as_it_is(tmp_path: Path, text: str) -> None:
    note = tmp_path / "note"
    note.write_text(text)
    assert "holds something else" in written(tmp_path / "a.db", "r1", note)
    assert note.read_text() == text


def test_device_is_no_anchors_file(tmp_path: Path) -> None:
    assert "is a device or a pipe" in written(tmp_path / "a.db", "r1", Path("/dev/full"))
    with pytest.raises(LedgerError, match="is no file"):
        verify(tmp_path / "a.db", Path("/dev/full"))


def test_line_that_a_full_disk_cut_short_is_passed_over(tmp_path: Path, anchors: Path) -> None:
    written(tmp_path / "a.db", "r1", anchors)
    whole = anchors.read_bytes()
    with anchors.open("ab") as file:
        file.write(whole[:40])
    assert written(tmp_path / "a.db", "r2", anchors) == ""
    assert len(outside_anchors(anchors)) == 2
    assert verify(tmp_path / "a.db", anchors).whole


def test_long_lines_are_read_to_their_beginning(tmp_path: Path, anchors: Path) -> None:
    written(tmp_path / "a.db", "r1", anchors)
    line = anchors.read_bytes().replace(b"{", b"{" + b" " * 200_000, 1)
    anchors.write_bytes(b"\n" + line)
    assert written(tmp_path / "a.db", "r2", anchors) == ""


def test_purge_of_a_copy_drops_nothing(tmp_path: Path, anchors: Path) -> None:
    written(tmp_path / "a.db", "r1", anchors)
    written(tmp_path / "b.db", "r2", tmp_path / "own")
    opened = Database.open(tmp_path / "b.db")
    try:
        with pytest.raises(LedgerError, match=ANOTHER):
            purge(opened, NOW_MS + 1, NOW_MS + 1, anchors)
    finally:
        opened.close()
    assert verify(tmp_path / "b.db", tmp_path / "own").rows == 1


def chain(*times: int, after: str = "", number: int = 1) -> list[Anchor]:
    anchors = []
    for place, at_ms in enumerate(times, start=number):
        anchor = make_anchor(place, at_ms, (), (), after)
        after = anchor.anchor_hash
        anchors.append(anchor)
    return anchors


@pytest.mark.parametrize(
    ("inside", "outside", "words"),
    [
        ([], [], ""),
        (chain(1, 2, 3), chain(1, 2, 3)[1:], ""),
        (chain(1, 2), chain(1, 2, 3), BEHIND),
        (chain(1, 2, 4), chain(1, 2, 3), FORKED),
        (chain(5), chain(1, 2), ANOTHER),
        ([], chain(1), ANOTHER),
    ],
)
def test_difference_says_what_may_have_happened(
    inside: list[Anchor], outside: list[Anchor], words: str
) -> None:
    told = difference(inside, outside)
    assert words in told
    assert bool(told) == bool(words)


def test_file_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    place = Path("/proc/nope/anchors") if os.path.isdir("/proc") else tmp_path / "a.db" / "anchors"
    assert "cannot write the anchors file" in written(tmp_path / "a.db", "r1", place)
