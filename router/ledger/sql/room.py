"""Writes and removes as much as a row of the ledger takes, to learn whether there is room for one.

A full disk takes a transaction that changes nothing, and often a small one too: the last page of
the journal may have room. It knows nothing about who asks.
"""

from __future__ import annotations

from router.ledger.sql.cursor import Cursor

ROW_BYTES = 80_000
"""A request writes some twenty pages of 4 kB."""
_NAME = "room"  # a row of `meta` that no transaction leaves there


def prove_room(cursor: Cursor) -> None:
    """Writes a row and deletes it again, in the caller's transaction.

    Raises the driver's error, then or when the transaction is committed.
    """
    insert = "INSERT INTO meta (name, content) VALUES (?, ?)"
    cursor.execute(insert, (_NAME, "x" * ROW_BYTES))
    cursor.execute("DELETE FROM meta WHERE name = ?", (_NAME,))
