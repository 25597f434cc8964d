"""Reads the words that count on answers, for shifts of chances, and those that are set aside.

Words stay in their chain, and labels in the queue of reviews. What is set aside is a list beside
them, each entry with its time, its author and its reason; it only grows. Datasets leave out what
the list names, wherever they are built from this ledger.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from router.ledger.set_aside import SetAside, Statement
from router.ledger.sql.database import Database
from router.ledger.tables.feedback import APPROVED_WORDS_SQL, PAGE, latest_words
from router.types import ASKS_LABEL, FeedbackSource

NAME = "words_set_aside"
LABELS = "labels_set_aside"
"""Entries for one head, which may name thousands of requests, so that servers do not read them
each second."""
MOST_WORDS = 20_000
"""Newest words that count: a word of a month ago among more than these tells little."""

BEST_FIRST = (FeedbackSource.REVIEW, FeedbackSource.CLIENT)
_SOURCES = ",".join(f"'{source.value}'" for source in BEST_FIRST)
"""An erasure stands in the chain of feedback, too, and says nothing of the answer."""


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
    reviewer: str = ""

    @property
    def said(self) -> Statement:
        """Returns the word without its verdict: who gave it, when, and for which request."""
        return Statement(self.request_id, self.tenant, self.key_id, self.said_ms, self.reviewer)


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
    """Returns the words that count on answers with a newer word than a sequence; blocks.

    A reviewer's word counts before the client's. Raises LedgerError.
    """
    with database.reading() as connection:
        newer = connection.exec_driver_sql(
            "SELECT request_id, max(sequence) FROM feedback WHERE sequence > ? AND "
            f"created_at_ms >= ? AND source IN ({_SOURCES}) "
            f"GROUP BY request_id ORDER BY 2 DESC LIMIT {MOST_WORDS}",
            (after, since_ms),
        ).fetchall()
        names = [str(row[0]) for row in newer]
        rows: list[ToldRow] = []
        for begin in range(0, len(names), PAGE):
            rows += _page(connection, names[begin : begin + PAGE])
        return rows


def _page(connection: Connection, names: Collection[str]) -> list[ToldRow]:
    marks = ",".join("?" * len(names))
    words, reviewers = latest_words(connection, tuple(names)), _reviewers(connection, names)
    rows = []
    for request_id, policy, answerer, record, approved in connection.exec_driver_sql(
        "SELECT r.request_id, r.policy, r.answerer, r.record, "
        f"CASE WHEN {APPROVED_WORDS_SQL} THEN 1 ELSE 0 END FROM requests r "
        f"WHERE r.request_id IN ({marks})",
        tuple(names),
    ):
        by_source = words[str(request_id)]
        best_first = [by_source[source] for source in BEST_FIRST if source in by_source]
        # A client that got approved words never saw the answer that is judged here.
        judges = [one for one in best_first if not approved or one.source is FeedbackSource.REVIEW]
        judging = next((one for one in judges if one.correct is not None), None)
        word = judging or best_first[0]
        rows.append(
            ToldRow(
                word.request_id, word.tenant, word.key_id, word.created_at_ms,
                None if judging is None else judging.correct,
                str(policy), str(answerer), str(record),
                reviewers.get(word.request_id, "") if word.source is FeedbackSource.REVIEW else "",
            )
        )  # fmt: skip
    return rows


def _reviewers(connection: Connection, names: Collection[str]) -> dict[str, str]:
    marks = ",".join("?" * len(names))
    rows = connection.exec_driver_sql(
        f"SELECT request_id, decided_by FROM reviews WHERE request_id IN ({marks}) "
        f"AND decided_by <> '' AND substr(review_id, 1, {len(ASKS_LABEL)}) <> '{ASKS_LABEL}'",
        tuple(names),
    )
    return {str(request_id): str(by) for request_id, by in rows}


def given_labels(database: Database) -> list[Statement]:
    """Returns every label that was given in the queue; blocks. Raises LedgerError."""
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT review_id, request_id, tenant, decided_key_id, decided_at_ms, decided_by "
            f"FROM reviews WHERE substr(review_id, 1, {len(ASKS_LABEL)}) = '{ASKS_LABEL}' "
            "AND verdict <> ''"
        ).fetchall()
    return [
        Statement(
            str(request_id), str(tenant), str(key_id), int(at_ms or 0), str(by),
            str(review_id)[len(ASKS_LABEL) : -len(str(request_id)) - 1],
        )
        for review_id, request_id, tenant, key_id, at_ms, by in rows
    ]  # fmt: skip


def set_aside(connection: Connection) -> list[SetAside]:
    """Returns all that was ever set aside, the oldest first."""
    entries = [*parsed(_aside_text(connection)), *parsed(_aside_text(connection, LABELS))]
    return sorted(entries, key=lambda entry: entry.at_ms)


def add_set_aside(database: Database, entry: SetAside) -> None:
    """Adds an entry; blocks. Raises LedgerError."""
    name = LABELS if entry.head else NAME
    with database.writing() as connection:
        # The row is locked before it is read, so that two entries at once both stay.
        connection.exec_driver_sql(
            "INSERT INTO meta (name, content) VALUES (?, '[]') "
            "ON CONFLICT (name) DO UPDATE SET content = meta.content",
            (name,),
        )
        entries = [*parsed(_aside_text(connection, name)), entry]
        connection.exec_driver_sql(
            "UPDATE meta SET content = ? WHERE name = ?",
            (msgspec.json.encode(entries, order="deterministic").decode(), name),
        )


def parsed(text: str) -> list[SetAside]:
    """Returns the entries in a text of `heads`."""
    return msgspec.json.decode(text or "[]", type=list[SetAside])


def _aside_text(connection: Connection, name: str = NAME) -> str:
    content = connection.exec_driver_sql(
        "SELECT content FROM meta WHERE name = ?", (name,)
    ).scalar()
    return "" if content is None else str(content)
