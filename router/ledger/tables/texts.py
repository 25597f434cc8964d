"""Keeps the side table with the texts that a policy stores.

The chain covers a text by the digest in its row. Erasing a tenant deletes its texts and its key:
the rows and their sums stay, `verify` passes, and nothing links a digest to a text any more.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection

from router.ledger.rollups import retention
from router.ledger.sql.database import Database
from router.ledger.tables import policies
from router.money.days import DAY_MS
from router.privacy.encryption import NO_KEYS, NONCE_BYTES, TextKeys
from router.privacy.redact import redacted_to_store
from router.types import Clock, ReviewItem, TextKind

_Row = tuple[str | int, ...]
_INSERT = (
    "INSERT INTO texts (request_id, kind, tenant, store, content, created_at_ms, expires_at_ms) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_ONCE = "ON CONFLICT (request_id, kind) DO NOTHING"


def sealed(keys: TextKeys, content: str, request_id: str, kind: str) -> str:
    """Returns a text as the table keeps it: sealed where there are keys."""
    return keys.sealed(content, secrets.token_bytes(NONCE_BYTES), f"{request_id} {kind}")


def put_beside(
    connection: Connection, keys: TextKeys, request_id: str, kind: str, text: str, now_ms: int
) -> None:
    """Replaces a text about a finished request, if the policy of the request keeps texts.

    A reviewer's answer (`reviewed`) is kept where what waits is, and whole: these own words are for
    whoever asked, who fetches them later. It runs within the caller's transaction.
    """
    connection.exec_driver_sql(
        "DELETE FROM texts WHERE request_id = ? AND kind = ?", (request_id, kind)
    )
    row = connection.exec_driver_sql(
        "SELECT tenant, policy_hash FROM requests WHERE request_id = ?", (request_id,)
    ).first()
    privacy = policies.privacy_of(connection, "" if row is None else str(row[1]))
    store = privacy.store
    if kind == "reviewed":
        store = "none" if privacy.for_reviewers == "none" else "full"
    if row is None or store == "none" or not text:
        return
    content = redacted_to_store(text) if store == "redacted" else text
    connection.exec_driver_sql(
        _INSERT,
        (
            request_id,
            kind,
            str(row[0]),
            store,
            sealed(keys, content, request_id, kind),
            now_ms,
            now_ms + privacy.retention_days * DAY_MS,
        ),
    )


def waiting_rows(keys: TextKeys, item: ReviewItem) -> list[_Row]:
    """Returns question and facts of a matter that waits for a person, as the item keeps them.

    Call it before a transaction begins: a long question takes a while to redact.
    """
    if item.store == "none":
        return []
    clean = redacted_to_store if item.store == "redacted" else str
    facts = "\n".join(clean(fact) for fact in item.facts)  # each is one line
    expires_ms = item.created_at_ms + item.retention_days * DAY_MS
    rows: list[_Row] = []
    for kind, text in (("question", clean(item.question)), ("facts", facts)):
        if text:
            content = sealed(keys, text, item.request_id, kind)
            row = (item.request_id, kind, item.tenant, item.store, content, item.created_at_ms)
            rows.append((*row, expires_ms))
    return rows


def put_waiting(connection: Connection, rows: Sequence[_Row]) -> None:
    """Keeps the rows of `waiting_rows`, within the caller's transaction."""
    for row in rows:
        connection.exec_driver_sql(f"{_INSERT} {_ONCE}", row)


def drop_waiting(connection: Connection, request_id: str) -> None:
    """Deletes the text of a matter that waits no more, unless its policy keeps texts anyway.

    It runs within the caller's transaction.
    """
    policy_hash = connection.exec_driver_sql(
        "SELECT policy_hash FROM requests WHERE request_id = ?", (request_id,)
    ).scalar()
    if policies.privacy_of(connection, str(policy_hash or "")).store == "none":
        connection.exec_driver_sql(
            "DELETE FROM texts WHERE request_id = ? AND kind IN ('question', 'facts', 'draft')",
            (request_id,),
        )


def _waited(connection: Connection, request_id: str) -> bool:
    """Returns True where a person has decided already: a draft is kept after its request's row."""
    query = (
        "SELECT 1 FROM reviews WHERE request_id = ? AND status <> 'pending' "
        "AND substr(review_id, 1, 4) = 'rev_'"
    )
    return connection.exec_driver_sql(query, (request_id,)).first() is not None


class Erased(Struct, frozen=True):
    """Counts what an erasure deleted."""

    texts: int
    key: bool
    others: int = 0  # words of reviews, kept answers, files, batches, and days of roll-ups

    @property
    def nothing(self) -> bool:
        """Returns True where there was nothing left to erase."""
        return not (self.texts or self.key or self.others)


class TextStore:
    """Stores prompts and answers as a policy says, redacted or in full, each until it expires."""

    def __init__(self, database: Database, clock: Clock, keys: TextKeys = NO_KEYS) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys

    async def put(
        self,
        request_id: str,
        tenant: str,
        kind: TextKind,
        text: str,
        *,
        store: Literal["none", "redacted", "full"],
        retention_days: int,
    ) -> None:
        """Keeps a text as the policy says; `none` keeps nothing. Raises LedgerError."""
        if store == "none" or not text:
            return
        # Steps and passages are JSON, which was redacted text by text.
        plain = kind not in ("steps", "passages")
        now_ms = self._clock.now_ms()
        expires_ms = now_ms + retention_days * DAY_MS

        def keep() -> None:
            clean = store == "redacted" and plain
            content = redacted_to_store(text) if clean else text
            content = sealed(self._keys, content, request_id, kind)
            self._insert((request_id, kind, tenant, store, content, now_ms, expires_ms))

        # A megabyte takes seconds to redact, for which no other request waits.
        await asyncio.to_thread(keep)

    async def get(self, request_id: str, tenant: str | None, kind: TextKind) -> str | None:
        """Returns a stored text of that tenant (None: any); None when it is missing or expired."""
        return await asyncio.to_thread(self.kept, request_id, tenant, kind)

    def erase(self, tenant: str) -> Erased:
        """Deletes a tenant's texts, review texts, kept answers, files, batches and key; blocks.

        Raises LedgerError.

        Roll-ups of its days whose rows are purged no longer name it.
        """
        with self._database.writing() as connection:
            texts = connection.exec_driver_sql("DELETE FROM texts WHERE tenant = ?", (tenant,))
            reviews = connection.exec_driver_sql(  # reviews of before have their words here
                "UPDATE reviews SET question = '', facts = NULL "
                "WHERE tenant = ? AND question <> ''",
                (tenant,),
            )
            replies = connection.exec_driver_sql("DELETE FROM replies WHERE tenant = ?", (tenant,))
            others = reviews.rowcount + replies.rowcount
            for parts, whole, name in (
                ("file_parts", "files", "file_id"),
                ("batch_results", "batches", "batch_id"),
            ):
                connection.exec_driver_sql(
                    f"DELETE FROM {parts} WHERE {name} IN "
                    f"(SELECT {name} FROM {whole} WHERE tenant = ?)",
                    (tenant,),
                )
                others += connection.exec_driver_sql(
                    f"DELETE FROM {whole} WHERE tenant = ?", (tenant,)
                ).rowcount
            key = connection.exec_driver_sql(
                "DELETE FROM tenant_secrets WHERE tenant = ?", (tenant,)
            )
            others += retention.anonymise(connection, tenant)
            return Erased(texts.rowcount, key.rowcount > 0, others)

    def purge_expired(self) -> int:
        """Deletes texts whose time is over; returns their number; blocks. Raises LedgerError."""
        with self._database.writing() as connection:
            return connection.exec_driver_sql(
                "DELETE FROM texts WHERE expires_at_ms <= ?", (self._clock.now_ms(),)
            ).rowcount

    def _insert(self, row: _Row) -> None:
        with self._database.writing() as connection:
            connection.exec_driver_sql(f"{_INSERT} {_ONCE}", row)
            if row[1] == "draft" and _waited(connection, str(row[0])):
                drop_waiting(connection, str(row[0]))

    def kept(self, request_id: str, tenant: str | None, kind: TextKind) -> str | None:
        """Does what `get` does; blocks. Raises LedgerError."""
        with self._database.reading() as connection:
            content = connection.exec_driver_sql(
                "SELECT content FROM texts WHERE request_id = ? AND kind = ? "
                "AND (tenant = ? OR ? IS NULL) AND expires_at_ms > ?",
                (request_id, kind, tenant, tenant, self._clock.now_ms()),
            ).scalar()
        return None if content is None else self._keys.opened(str(content), f"{request_id} {kind}")
