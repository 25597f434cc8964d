"""Reads who said what of which answers, for shifts of chances, and whose words are set aside.

Words stay in their chain. What is set aside is a list beside it, each entry with its time, its
author and its reason; it only grows.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from router.ledger.sql.database import Database
from router.ledger.tables.feedback import PAGE, latest_words
from router.types import FeedbackSource

NAME = "words_set_aside"
MOST_WORDS = 20_000
"""Newest words that count: a word of a month ago among more than these tells little."""

BEST_FIRST = (FeedbackSource.REVIEW, FeedbackSource.CLIENT)


class SetAside(Struct, frozen=True):
    """Names words that do not count: those of a key, of a tenant, or all, said before a time."""

    at_ms: int
    by: str
    because: str
    key_id: str = ""
    tenant: str = ""
    lifted: bool = False  # words that were set aside alike count again

    def covers(self, key_id: str, tenant: str, said_ms: int) -> bool:
        """Returns True for a word of whom this names, said until then."""
        return said_ms <= self.at_ms and self.key_id in ("", key_id) and self.tenant in ("", tenant)


class ToldRow(NamedTuple):
    """Holds the word that counts on one answer, and what its row says."""

    request_id: str
    tenant: str
    key_id: str
    said_ms: int
    right: bool | None
    policy: str
    answerer: str
    record: str


class Heads(NamedTuple):
    """Holds what changes with every new word, and with everything that is set aside."""

    sequence: int
    aside: str


def heads(database: Database) -> Heads:
    """Returns the newest of both; blocks. Raises LedgerError."""
    with database.reading() as connection:
        newest = connection.exec_driver_sql("SELECT max(sequence) FROM feedback").scalar()
        return Heads(-1 if newest is None else int(newest), _aside_text(connection))


def told_rows(database: Database, after: int, since_ms: int) -> list[ToldRow]:
    """Returns the words that count on answers of which somebody spoke after a sequence; blocks.

    A reviewer's word counts before the client's. Raises LedgerError.
    """
    with database.reading() as connection:
        spoken = connection.exec_driver_sql(
            "SELECT request_id, max(sequence) FROM feedback WHERE sequence > ? AND "
            f"created_at_ms >= ? GROUP BY request_id ORDER BY 2 DESC LIMIT {MOST_WORDS}",
            (after, since_ms),
        ).fetchall()
        names = [str(row[0]) for row in spoken]
        found = []
        for begin in range(0, len(names), PAGE):
            found += _page(connection, names[begin : begin + PAGE])
        return found


def _page(connection: Connection, names: Collection[str]) -> list[ToldRow]:
    marks = ",".join("?" * len(names))
    words = latest_words(connection, tuple(names))
    found = []
    for request_id, policy, answerer, record in connection.exec_driver_sql(
        f"SELECT request_id, policy, answerer, record FROM requests WHERE request_id IN ({marks})",
        tuple(names),
    ):
        by_source = words[str(request_id)]
        told = [by_source[source] for source in BEST_FIRST if source in by_source]
        word = next((one for one in told if one.correct is not None), told[0])
        found.append(
            ToldRow(
                word.request_id, word.tenant, word.key_id, word.created_at_ms, word.correct,
                str(policy), str(answerer), str(record),
            )
        )  # fmt: skip
    return found


def set_aside(database: Database) -> list[SetAside]:
    """Returns all that was ever set aside, the oldest first; blocks. Raises LedgerError."""
    with database.reading() as connection:
        return parsed(_aside_text(connection))


def add_set_aside(database: Database, entry: SetAside) -> None:
    """Adds an entry; blocks. Raises LedgerError."""
    with database.writing() as connection:
        # The row is locked before it is read, so that two entries at once both stay.
        connection.exec_driver_sql(
            "INSERT INTO meta (name, content) VALUES (?, '[]') "
            "ON CONFLICT (name) DO UPDATE SET content = meta.content",
            (NAME,),
        )
        entries = [*parsed(_aside_text(connection)), entry]
        connection.exec_driver_sql(
            "UPDATE meta SET content = ? WHERE name = ?",
            (msgspec.json.encode(entries).decode(), NAME),
        )


def parsed(text: str) -> list[SetAside]:
    """Returns the entries in a text of `heads`."""
    return msgspec.json.decode(text or "[]", type=list[SetAside])


def counts(row: ToldRow, entries: Collection[SetAside]) -> bool:
    """Returns True where a word was not set aside, or counts again since."""
    stands = True
    for entry in entries:
        if entry.covers(row.key_id, row.tenant, row.said_ms):
            stands = entry.lifted
    return stands


def _aside_text(connection: Connection) -> str:
    found = connection.exec_driver_sql("SELECT content FROM meta WHERE name = ?", (NAME,)).scalar()
    return "" if found is None else str(found)
