"""Matters handed to people. The item is in the database; its text is in memory, unless stored.

Under `privacy.store: none` the question and the facts never reach the database: after a restart,
and for other workers, the item is there without them, with the request it belongs to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import orjson

from router.ledger.database import Database
from router.ledger.lru import BoundedMap
from router.redact import redact
from router.types import Clock, Domain, ReviewItem

Store = Literal["none", "redacted", "full"]
MAX_IN_MEMORY = 1_000
IN_MEMORY_MS = 7 * 24 * 3600 * 1000.0
MAX_LISTED = 10_000


class SqlReviewQueue:
    """The Protocol `types.ReviewQueue` over the ledger's database."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._texts: BoundedMap[str, tuple[str, tuple[str, ...]]] = BoundedMap(
            clock=clock, max_entries=MAX_IN_MEMORY, ttl_ms=IN_MEMORY_MS
        )

    async def add(self, item: ReviewItem) -> None:
        """Keep an item; again it changes nothing. Raises LedgerError."""
        self._texts.put(item.review_id, (item.question, item.facts))
        await asyncio.to_thread(self._insert, item)

    async def list(self, tenant: str | None) -> Sequence[ReviewItem]:
        """Pending items, oldest first; None: of all tenants. Raises LedgerError."""
        stored = await asyncio.to_thread(self._pending, tenant)
        return [self._with_text(item) for item in stored]

    async def resolve(self, review_id: str, tenant: str | None, status: str = "done") -> bool:
        """Take an item off the list; False when there is no such pending one of that tenant."""
        self._texts.pop(review_id)
        return await asyncio.to_thread(self._resolve, review_id, tenant, status)

    def _with_text(self, item: ReviewItem) -> ReviewItem:
        text = self._texts.get(item.review_id)
        if text is None or item.question:
            return item
        return replace(item, question=text[0], facts=text[1])

    def _insert(self, item: ReviewItem) -> None:
        question: str | None = None
        facts: str | None = None
        if item.store != "none":
            clean = redact if item.store == "redacted" else str
            question = clean(item.question)
            facts = orjson.dumps([clean(fact) for fact in item.facts]).decode()
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO reviews (review_id, request_id, tenant, domain, created_at_ms, "
                "status, question, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (review_id) DO NOTHING",
                (
                    item.review_id,
                    item.request_id,
                    item.tenant,
                    item.domain.value,
                    item.created_at_ms,
                    item.status,
                    question,
                    facts,
                ),
            )

    def _pending(self, tenant: str | None) -> tuple[ReviewItem, ...]:
        where, values = "", tuple[str, ...]()
        if tenant is not None:
            where, values = "AND tenant = ? ", (tenant,)
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT review_id, request_id, tenant, domain, created_at_ms, status, question, "
                f"facts FROM reviews WHERE status = 'pending' {where}"
                f"ORDER BY created_at_ms, review_id LIMIT {MAX_LISTED}",
                values,
            ).fetchall()
        return tuple(
            ReviewItem(
                row[0],
                row[1],
                row[2],
                Domain(row[3]),
                row[4],
                row[5],
                row[6] or "",
                tuple(orjson.loads(row[7] or "[]")),
            )
            for row in rows
        )

    def _resolve(self, review_id: str, tenant: str | None, status: str) -> bool:
        with self._database.writing() as connection:
            changed = connection.exec_driver_sql(
                "UPDATE reviews SET status = ? WHERE review_id = ? AND status = 'pending' "
                "AND (tenant = ? OR ? IS NULL)",
                (status, review_id, tenant, tenant),
            ).rowcount
        return changed > 0
