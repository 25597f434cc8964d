"""Writes anchors: the heads of all chains, to the database and to a file outside it.

An anchor is due after every so many rows, or when a minute has passed with any, and on close.
Somebody who can rewrite the database can rewrite its anchors too; the file is for a volume that
they cannot write to. A file belongs to one ledger: nothing is added to it where its last anchor is
not in the database.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from router.errors import LedgerCorrupt, LedgerError
from router.ledger.hash_chain import (
    Anchor,
    Head,
    anchor_from_line,
    anchor_to_line,
    heads_from_json,
    heads_to_json,
    make_anchor,
)
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.sql.private_files import FILE_MODE, make_folder, make_private
from router.types import Clock

EVERY_ROWS = 1_000  # about a millisecond of the writer's time, per thousand rows
EVERY_MS = 60_000
_TAIL_BYTES = 65_536  # some hundred lines of a ledger with a few writers
_BEGINNING = b'{"anchor_id":'
_DO = (
    "Give each ledger a file of its own (--anchors, TIERGATE_ANCHORS). After a restore, move the "
    "old file away and keep it: it says what the backup lacks. The next anchor begins a new file"
)
Refused = dict[str, str]
"""Holds why a file was refused, by its last anchor, and of the newest refusal alone: a large file
is read as a whole once, as long as nobody adds to it."""


class Anchorer:
    """Decides when an anchor is due and writes it, on the caller's thread."""

    def __init__(self, database: Database, outside: Path, head: Head, clock: Clock) -> None:
        self._database = database
        self._outside = outside
        self._clock = clock
        self._head = head
        self._anchored = _last_anchored(database, head.writer_id)
        self._anchored_at_ms = clock.monotonic_ms()
        self._beside = 0
        self._owed: Anchor | None = None  # the newest one, while the file lacks it
        self._refused: Refused = {}
        self.fault = ""

    def look(self) -> None:
        """Notes in `fault` why nothing can be added to the file, without adding anything."""
        try:
            check_outside(self._database, self._outside, self._refused)
        except LedgerError as error:
            self.fault = error.message
        else:
            self.fault = ""

    def committed(self, head: Head) -> None:
        """Notes that the writer's chain now ends at `head`; writes an anchor when one is due."""
        self._head = head
        self.idle()

    def beside(self) -> None:
        """Notes that feedback was chained, which is no row of this writer. It counts as one."""
        self._beside += 1

    def idle(self) -> None:
        """Writes an anchor when rows or time since the last one say so."""
        rows = self._head.sequence - self._anchored + self._beside
        waited_ms = self._clock.monotonic_ms() - self._anchored_at_ms
        due = rows > 0 or self._owed is not None or self.fault
        if rows >= EVERY_ROWS or (due and waited_ms >= EVERY_MS):
            self.write()

    def write(self) -> None:
        """Writes an anchor if there are rows without one, and what the file lacks of the last one.

        Keeps a failure in `fault`: the rows are safe, and the next anchor covers them too.
        """
        if self._head.sequence == self._anchored and not self._beside and self._owed is None:
            if self.fault:  # somebody may have put the file right
                self._anchored_at_ms = self._clock.monotonic_ms()
                self.look()
            return
        beside, self._beside = self._beside, 0
        self._anchored_at_ms = self._clock.monotonic_ms()
        try:
            if self._head.sequence != self._anchored or beside:
                with self._database.writing() as connection:
                    self._owed = insert_anchor(connection, self._clock.now_ms())
                self._anchored, beside = self._head.sequence, 0
            if self._owed is not None:
                add_outside(self._database, self._outside, self._owed, self._refused)
        except LedgerError as error:
            self.fault = error.message
            self._beside += beside
        else:
            self._owed, self.fault = None, ""


def _last_anchored(database: Database, writer_id: str) -> int:
    """Returns the sequence that the newest anchor has of this writer's chain; 0 without one."""
    with database.reading() as connection:
        row = connection.exec_driver_sql(
            "SELECT heads FROM anchors ORDER BY anchor_id DESC LIMIT 1"
        ).first()
    heads = () if row is None else _heads(row[0])
    return next((head.sequence for head in heads if head.writer_id == writer_id), 0)


def _heads(text: str) -> tuple[Head, ...]:
    try:
        return heads_from_json(text)
    except ValueError as error:
        raise LedgerCorrupt(f"an anchor in the database cannot be read: {error}") from error


def insert_anchor(connection: Connection, now_ms: int) -> Anchor:
    """Anchors all heads and checkpoints within the caller's transaction."""
    last = connection.exec_driver_sql(
        "SELECT anchor_id, anchor_hash FROM anchors ORDER BY anchor_id DESC LIMIT 1"
    ).first()
    anchor = make_anchor(
        1 if last is None else last[0] + 1,
        now_ms,
        reading.chain_heads(connection),
        reading.checkpoints(connection),
        "" if last is None else last[1],
    )
    connection.exec_driver_sql(
        "INSERT INTO anchors (anchor_id, created_at_ms, heads, checkpoints, prev_hash, "
        "anchor_hash) VALUES (?, ?, ?, ?, ?, ?)",
        (
            anchor.anchor_id,
            anchor.created_at_ms,
            heads_to_json(anchor.heads),
            heads_to_json(anchor.checkpoints),
            anchor.prev_hash,
            anchor.anchor_hash,
        ),
    )
    return anchor


def check_outside(database: Database, path: Path, refused: Refused | None = None) -> None:
    """Makes the file where there is none. Raises LedgerError where nothing may be added to it."""
    with _opened(path) as descriptor:
        _check_last(database, path, descriptor, refused)


def add_outside(
    database: Database, path: Path, anchor: Anchor, refused: Refused | None = None
) -> None:
    """Appends a line in one write, so that the lines of several workers do not mix.

    Raises: LedgerError (also for a file that goes on with anchors that the database lacks).
    """
    with _opened(path) as descriptor:
        ends = _check_last(database, path, descriptor, refused)
        # A full disk may have cut the last line short; the next one must not be joined to it.
        line = anchor_to_line(anchor) if ends else b"\n" + anchor_to_line(anchor)
        if os.write(descriptor, line) < len(line):
            raise LedgerError(f"cannot write the anchors file {str(path)!r}: no room is left")


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Yields a descriptor of the file, which is made. Raises LedgerError, also for the caller."""
    try:
        make_folder(path.parent)
        make_private(path)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(path, flags | os.O_NONBLOCK, FILE_MODE)  # a pipe must not block
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise LedgerError(
                    f"cannot write the anchors file {str(path)!r}: it is a device or a pipe; "
                    "expected a file, which `tiergate ledger verify` can read"
                )
            yield descriptor
        finally:
            os.close(descriptor)
    except OSError as error:
        raise LedgerError(
            f"cannot write the anchors file {str(path)!r}: {error.strerror}; expected a file that "
            "can be read and written, with room left"
        ) from error


def _check_last(
    database: Database, path: Path, descriptor: int, refused: Refused | None = None
) -> bool:
    """Returns True where the file ends with a whole line, or is empty.

    Raises LedgerError where the database lacks the last anchor of the file.
    """
    last, ends = _last_outside(path, descriptor)
    if last is None:
        return ends
    with database.reading() as connection:
        known = connection.exec_driver_sql(
            "SELECT count(*) FROM anchors WHERE anchor_id = ? AND anchor_hash = ?",
            (last.anchor_id, last.anchor_hash),
        ).scalar_one()
        if known:
            return ends
        why = (refused or {}).get(last.anchor_hash) or difference(
            stored_anchors(connection), outside_anchors(path)
        )
    if refused is not None:
        refused.clear()
        refused[last.anchor_hash] = why
    raise LedgerError(f"nothing is added to the anchors file {str(path)!r}: {why}")


def _last_outside(path: Path, descriptor: int) -> tuple[Anchor | None, bool]:
    """Returns the last anchor of the file, and True where it ends with a whole line.

    Raises LedgerError for a file of something else.
    """
    size = os.fstat(descriptor).st_size
    if size == 0:
        return None, True
    taken = _TAIL_BYTES
    while True:  # each turn reads twice as much, or all
        begin = max(0, size - taken)
        *lines, rest = os.pread(descriptor, size - begin, begin).split(b"\n")
        for line in reversed(lines[1:] if begin else lines):
            if not line or _is_torn(line):
                continue
            try:
                return anchor_from_line(line), not rest
            except ValueError as error:
                raise LedgerError(_no_anchors(path)) from error
        if not begin:
            if rest and not _is_torn(rest):
                raise LedgerError(_no_anchors(path))
            return None, not rest
        taken *= 2


def _is_torn(line: bytes) -> bool:
    """Returns True for the beginning of an anchor's line, as a full disk leaves it."""
    return not line.endswith(b"}") and line[: len(_BEGINNING)] == _BEGINNING[: len(line)]


def _no_anchors(path: Path) -> str:
    return (
        f"nothing is added to the anchors file {str(path)!r}, which holds something else; expected "
        "the name of a new file, or one that a server wrote for this ledger"
    )


def difference(inside: Sequence[Anchor], outside: Sequence[Anchor]) -> str:
    """Returns in words why a file and a database differ, and what to do; "" where they agree.

    It knows the anchors of both alone, so it says what may have happened. `inside` come in order.
    """
    hashes = {anchor.anchor_hash for anchor in inside}
    missing = [anchor for anchor in outside if anchor.anchor_hash not in hashes]
    if not missing:
        return ""
    since = _shown(missing[0].created_at_ms)
    if len(missing) == len(outside):
        return (
            f"none of its {len(outside):,} anchors is in this ledger, so it is another ledger's "
            f"file, or this ledger lost its anchors. {_DO}"
        )
    last = inside[-1].anchor_id if inside else 0
    if all(anchor.anchor_id > last for anchor in missing):
        return (
            f"it goes on after the ledger's last anchor, with {len(missing):,} since {since}: this "
            "ledger was restored from a backup of before, or is a copy of the one that writes the "
            f"file, or its end was cut off. {_DO}"
        )
    return (
        f"since {since} it has {len(missing):,} anchors of another database: a copy of this "
        "ledger, or the one that this is a copy of, wrote to the same file, or anchors were "
        f"removed here. {_DO}"
    )


def _shown(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1_000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def stored_anchors(connection: Connection) -> list[Anchor]:
    """Returns the database's anchors in order. Raises LedgerCorrupt for one it cannot read."""
    return [
        Anchor(row[0], row[1], _heads(row[2]), _heads(row[3]), row[4], row[5])
        for row in connection.exec_driver_sql(
            "SELECT anchor_id, created_at_ms, heads, checkpoints, prev_hash, anchor_hash "
            "FROM anchors ORDER BY anchor_id"
        )
    ]


def outside_anchors(path: Path) -> list[Anchor]:
    """Returns the anchors of the anchors file; skips lines that a crash or a full disk cut short.

    Raises: LedgerError (no such file, no access), LedgerCorrupt (another line is no anchor).
    """
    expected = (
        "expected the file that the server wrote beside the ledger, or where its --anchors said"
    )
    try:
        # A device may have no end.
        if path.exists() and not path.is_file() and not path.is_dir():
            raise LedgerError(f"the anchors file {str(path)!r} is no file; {expected}")
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise LedgerError(
            f"cannot read the anchors file {str(path)!r}: {error.strerror}; {expected}"
        ) from error
    anchors: list[Anchor] = []
    for number, line in enumerate(lines, start=1):
        try:
            if line:
                anchors.append(anchor_from_line(line))
        except ValueError as error:
            if number == len(lines) or _is_torn(line):
                continue
            raise LedgerCorrupt(
                f"line {number} of the anchors file {str(path)!r} is no anchor; {expected}"
            ) from error
    return anchors
