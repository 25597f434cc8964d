"""Drops old rows without breaking the chains: a checkpoint says where each begins again.

It drops only a chain's beginning, up to the first row that is to be kept and no further than the
roll-ups go; so too for feedback. A correction stays until its call goes, since a call without its
correction would be of unknown cost again, and a bill could settle it twice. The cost of dropped
attempts stays in the windows, marked as purged. The anchor which names the checkpoint is written in
the same transaction.
"""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import Connection

from router.ledger.books import anchors
from router.ledger.budgets.windows import (
    COUNTED,
    COUNTED_COST,
    WATCHES_SQL,
    watches_from,
    windows_of,
)
from router.ledger.feedback_chain import FEEDBACK_CHAIN
from router.ledger.rollups import retention, stored
from router.ledger.row_reading import RECONCILE, corrected_request
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.money.budgets import LENGTH_MS
from router.money.days import DAY_MS

AT_ONCE = 1_000  # rows of a chain per transaction: workers wait for it
PAUSE_S = 0.11  # SQLite looks for a free lock every 100 ms at the least: each worker gets a turn


def purge(database: Database, before_ms: int, now_ms: int, anchors_file: Path | None = None) -> int:
    """Drops finished requests created before `before_ms`; returns their number; blocks.

    Workers may serve at the same time. Raises: LedgerError.
    """
    outside = anchors_file or database.address.anchors
    anchors.check_outside(database, outside)  # before anything is dropped
    dropped = 0
    stored.catch_up(database)
    while True:
        with database.writing() as connection:
            rows = sum(
                _purge_writer(connection, writer_id, before_ms, now_ms)
                for writer_id in reading.writers(connection)
            )
            words = _purge_feedback(connection, before_ms, now_ms)
            if rows == 0 and words == 0:
                return dropped
            anchor = anchors.insert_anchor(connection, now_ms)
        anchors.add_outside(database, outside, anchor)
        dropped += rows
        time.sleep(PAUSE_S)


def _purge_writer(connection: Connection, writer_id: str, before_ms: int, now_ms: int) -> int:
    """Drops the next rows of one chain; returns their number."""
    first, last, going = None, 0, set[str]()
    mark = stored.marks(connection).get(writer_id, 0)
    for sequence, created_at_ms, request_id, record in connection.exec_driver_sql(
        "SELECT sequence, created_at_ms, request_id, "
        f"CASE WHEN endpoint = '{RECONCILE}' THEN record END FROM requests WHERE writer_id = ? "
        f"AND sequence <= ? ORDER BY sequence LIMIT {AT_ONCE}",
        (writer_id, mark),
    ).fetchall():
        if created_at_ms >= before_ms or (record and _stays(connection, record, going)):
            break
        first, last = sequence if first is None else first, sequence
        going.add(str(request_id))
    if first is None:
        return 0
    retention.keep_purged(connection, writer_id, first, last)
    chosen = (
        "request_id IN (SELECT request_id FROM requests WHERE writer_id = ? "
        "AND sequence BETWEEN ? AND ?)"
    )
    where = (writer_id, first, last)
    _purge_windows(connection, chosen, where)
    row_hash = connection.exec_driver_sql(
        "SELECT row_hash FROM requests WHERE writer_id = ? AND sequence = ?", (writer_id, last)
    ).scalar_one()
    for table in ("attempts", "texts", "reviews", "requests"):
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE {chosen}", where)
    _put_checkpoint(connection, (writer_id, last, row_hash, now_ms, last - first + 1))
    return int(last - first + 1)


def _stays(connection: Connection, record: str, going: set[str]) -> bool:
    """Returns True for the correction of a call that is in the ledger and not among `going`."""
    corrected = corrected_request(record)
    return corrected not in going and bool(reading.existing(connection, [corrected]))


def _purge_feedback(connection: Connection, before_ms: int, now_ms: int) -> int:
    """Drops the next words from the beginning of the chain of feedback; returns their number."""
    old: list[tuple[int, str]] = []
    for sequence, created_at_ms, row_hash in connection.exec_driver_sql(
        f"SELECT sequence, created_at_ms, row_hash FROM feedback ORDER BY sequence LIMIT {AT_ONCE}"
    ).fetchall():
        if created_at_ms >= before_ms:
            break
        old.append((int(sequence), str(row_hash)))
    if old:
        last, row_hash = old[-1]
        connection.exec_driver_sql("DELETE FROM feedback WHERE sequence <= ?", (last,))
        _put_checkpoint(connection, (FEEDBACK_CHAIN, last, row_hash, now_ms, len(old)))
    return len(old)


def _put_checkpoint(connection: Connection, checkpoint: tuple[str, int, str, int, int]) -> None:
    connection.exec_driver_sql(
        "INSERT INTO checkpoints (writer_id, sequence, row_hash, created_at_ms, purged_rows) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (writer_id) DO UPDATE SET "
        "sequence = excluded.sequence, row_hash = excluded.row_hash, "
        "created_at_ms = excluded.created_at_ms, "
        "purged_rows = checkpoints.purged_rows + excluded.purged_rows",
        checkpoint,
    )


def _purge_windows(connection: Connection, chosen: str, where: tuple[object, ...]) -> None:
    """Marks the cost of dropped attempts in their windows as that of rows no longer kept."""
    watches = watches_from(connection.exec_driver_sql(WATCHES_SQL).fetchall())
    grain_ms = min([DAY_MS, *(LENGTH_MS.get(watch.kind, DAY_MS) for watch in watches)])
    for *payer, begun, cost in connection.exec_driver_sql(
        f"SELECT r.tenant, r.key_id, r.policy, a.tier, "
        f"a.started_at_ms - a.started_at_ms % {grain_ms}, sum({COUNTED_COST}) "
        "FROM attempts a JOIN requests r ON r.request_id = a.request_id "
        f"WHERE r.{chosen} AND {COUNTED} GROUP BY 1, 2, 3, 4, 5",
        where,
    ).fetchall():
        tenant, key_id, policy, tier = (str(name) for name in payer)
        for window in windows_of(watches, (tenant, key_id, policy, tier), int(begun)):
            connection.exec_driver_sql(
                "UPDATE budget_windows SET purged_nano_usd = purged_nano_usd + ? "
                "WHERE tenant = ? AND key_id = ? AND policy = ? AND tier = ? AND kind = ? "
                "AND start_ms = ?",
                (int(cost), *window),
            )
