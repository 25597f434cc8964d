"""Writes anchors: the heads of all chains, to the database and to a file outside it.

An anchor is due after every so many rows, or when a minute has passed with any, and on close.
Somebody who can rewrite the database can rewrite its anchors too; the file is for a volume that
they cannot write to.
"""

from __future__ import annotations

import os
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
        if rows >= EVERY_ROWS or (rows > 0 and waited_ms >= EVERY_MS):
            self.write()

    def write(self) -> None:
        """Writes an anchor if there are rows without one; keeps a failure in `fault`."""
        if self._head.sequence == self._anchored and not self._beside:
            return
        beside, self._beside = self._beside, 0
        self._anchored_at_ms = self._clock.monotonic_ms()
        try:
            write_anchor(self._database, self._outside, self._clock.now_ms())
        except LedgerError as error:
            self.fault = error.message  # the rows are safe; the next anchor covers them too
            self._beside += beside
        else:
            self._anchored, self.fault = self._head.sequence, ""


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


def write_anchor(database: Database, outside: Path, now_ms: int) -> Anchor:
    """Anchors all heads and checkpoints, inside and outside. Raises LedgerError."""
    with database.writing() as connection:
        anchor = insert_anchor(connection, now_ms)
    append_anchor(outside, anchor)
    return anchor


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


def append_anchor(path: Path, anchor: Anchor) -> None:
    """Appends a line in one write, so that the lines of several workers do not mix.

    Raises: LedgerError.
    """
    try:
        make_folder(path.parent)
        make_private(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            os.write(descriptor, anchor_to_line(anchor))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise LedgerError(f"cannot append to the anchors file: {error.strerror}") from error


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
    """Returns the anchors of the anchors file; skips a last line that a crash cut short.

    Raises: LedgerError (no such file, no access), LedgerCorrupt (another line is no anchor).
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise LedgerError(
            f"cannot read the anchors file {str(path)!r}: {error.strerror}; expected the file that "
            "the server wrote beside the ledger, or where its --anchors said"
        ) from error
    anchors: list[Anchor] = []
    for number, line in enumerate(lines, start=1):
        try:
            if line:
                anchors.append(anchor_from_line(line))
        except ValueError as error:
            if number == len(lines):
                break
            raise LedgerCorrupt(
                f"line {number} of the anchors file {str(path)!r} is no anchor; expected the file "
                "that the server wrote beside the ledger, or where its --anchors said"
            ) from error
    return anchors
