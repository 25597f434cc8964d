"""Keeps matters for people to review: the item in one table, its question and facts among texts.

So they are sealed, found, erased and expire as other texts do, and every worker can show them. Only
under `privacy.waiting: none` an item has no text. Where the policy stores no texts, they are
deleted as soon as the matter waits no more. A verdict, its feedback and its text are one
transaction. `booked` then says that its minutes have a row, so that a crash in between loses
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
from msgspec.structs import replace
from sqlalchemy import Connection

from router.ledger.past_request import last_turn
from router.ledger.sql.database import Database
from router.ledger.sql.rows import SqlRow
from router.ledger.tables.feedback import WORDS_ALONE, SqlFeedback
from router.ledger.tables.texts import drop_waiting, put_beside, put_waiting, waiting_rows
from router.privacy.encryption import NO_KEYS, TextKeys
from router.types import (
    ASKS_LABEL,
    Clock,
    Domain,
    Feedback,
    FeedbackSource,
    RequestState,
    ReviewCase,
    Reviewed,
    ReviewItem,
    ReviewVerdict,
    Urgency,
)

MAX_LISTED = 10_000
PENDING, DECIDED = "pending", "decided"

_IS_LABEL = "substr(v.review_id, 1, 6) = 'label.'"
_TEXT_KIND = (
    f"CASE WHEN {_IS_LABEL} THEN "
    "substr(v.review_id, 1, length(v.review_id) - length(v.request_id) - 1) ELSE 'reviewed' END"
)
"""The kind of text that holds what a reviewer gave: a label stands under `label.HEAD`."""
_CASES = (
    "SELECT v.review_id, v.request_id, v.tenant, v.domain, v.created_at_ms, v.status, v.question, "
    "v.facts, v.verdict, v.minutes, v.decided_by, v.decided_key_id, v.decided_at_ms, "
    "v.cost_nano_usd, v.price_version, v.booked, EXISTS (SELECT 1 FROM requests r "
    f"WHERE r.request_id = v.request_id AND {WORDS_ALONE}), "
    "v.urgency, d.content, t.content, q.content, f.content "
    "FROM reviews v "
    "LEFT JOIN texts d ON d.request_id = v.request_id "
    f"AND d.kind = CASE WHEN {_IS_LABEL} THEN 'prompt' ELSE 'draft' END "
    "AND d.expires_at_ms > ? "
    f"LEFT JOIN texts t ON t.request_id = v.request_id AND t.kind = {_TEXT_KIND} "
    "AND t.expires_at_ms > ? "
    "LEFT JOIN texts q ON q.request_id = v.request_id AND q.kind = 'question' "
    f"AND q.expires_at_ms > ? AND NOT ({_IS_LABEL}) "
    "LEFT JOIN texts f ON f.request_id = v.request_id AND f.kind = 'facts' "
    f"AND f.expires_at_ms > ? AND NOT ({_IS_LABEL}) "
)
_TIMES = 4
"""Counts the texts of a case; each is read only until it expires."""
_ORDER = (
    f"CASE WHEN v.status <> '{PENDING}' THEN 0 WHEN v.urgency = '{Urgency.EMERGENCY}' THEN -2 "
    f"WHEN v.urgency = '{Urgency.GRAVE}' THEN -1 ELSE 0 END, v.created_at_ms, v.review_id"
)
"""The order of matters: of those that wait the most urgent first, then the oldest."""


class SqlReviewQueue:
    """Implements the Protocols `types.ReviewQueue` and `types.ReviewDesk` over the database."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        feedback: SqlFeedback | None = None,
        keys: TextKeys = NO_KEYS,
    ) -> None:
        """Stores the parts. Without `feedback` matters wait and are closed; none can be decided."""
        self._database = database
        self._clock = clock
        self._feedback = feedback
        self._keys = keys

    async def add(self, item: ReviewItem) -> None:
        """Keeps an item; a second call changes nothing. Raises LedgerError."""
        await asyncio.to_thread(self._insert, item)

    async def list(self, tenant: str | None) -> Sequence[ReviewItem]:
        """Returns pending items in their order; None: of all tenants. Raises LedgerError."""
        return [case.item for case in await self.cases(tenant, PENDING, MAX_LISTED)]

    async def resolve(self, review_id: str, tenant: str | None) -> bool:
        """Removes an item from the list without a verdict; returns False without such an item."""
        return await asyncio.to_thread(self._resolve, review_id, tenant)

    async def cases(
        self, tenant: str | None, status: str | None, limit: int
    ) -> Sequence[ReviewCase]:
        """Returns matters of that status (None: any), those that wait first by their urgency, then
        the oldest first. Raises LedgerError.
        """
        where = "(v.tenant = ? OR ? = '') AND (v.status = ? OR ? = '')"
        values = (tenant or "", tenant or "", status or "", status or "")
        return await self._cases(where, values, limit)

    async def case(self, review_id: str, tenant: str | None) -> ReviewCase | None:
        """Returns one matter; None without one of that tenant (None: any). Raises LedgerError."""
        where = "v.review_id = ? AND (v.tenant = ? OR ? = '')"
        cases = await self._cases(where, (review_id, tenant or "", tenant or ""), 1)
        return cases[0] if cases else None

    async def of_request(self, request_id: str) -> ReviewCase | None:
        """Returns the matter of a request, None where it has none. Raises LedgerError."""
        cases = await self._cases(f"v.request_id = ? AND NOT ({_IS_LABEL})", (request_id,), 1)
        return cases[0] if cases else None

    async def decide(self, review_id: str, reviewed: Reviewed, corrected: str) -> bool:
        """Keeps verdict, feedback and the answer that is now valid, all at once.

        Returns False when the matter does not wait any more. Raises FeedbackRefused, LedgerError.
        """
        return await asyncio.to_thread(self._decide, review_id, reviewed, corrected)

    async def unbooked(self) -> Sequence[ReviewCase]:
        """Returns decided matters whose minutes have no row yet. Raises LedgerError."""
        where = "v.status = ? AND v.booked = 0"
        return await self._cases(where, (DECIDED,), MAX_LISTED)

    async def booked(self, review_id: str) -> None:
        """Notes that the minutes have a row. Raises LedgerError."""
        await asyncio.to_thread(self._mark_booked, review_id)

    async def _cases(self, where: str, values: tuple[str, ...], limit: int) -> Sequence[ReviewCase]:
        return await asyncio.to_thread(self._select, where, values, limit)

    def _insert(self, item: ReviewItem) -> None:
        # A label's facts are those of the asker, and its question is the prompt that is stored.
        facts = orjson.dumps(item.facts).decode() if item.head else None
        question = None if item.head or item.store == "none" else ""
        texts = [] if item.head else waiting_rows(self._keys, item)
        with self._database.writing() as connection:
            put_waiting(connection, texts)
            connection.exec_driver_sql(
                "INSERT INTO reviews (review_id, request_id, tenant, domain, created_at_ms, "
                "status, question, facts, verdict, decided_by, decided_key_id, price_version, "
                "booked, urgency) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', '', '', 0, ?) "
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
                    item.urgency.value,
                ),
            )

    def _select(self, where: str, values: tuple[str, ...], limit: int) -> Sequence[ReviewCase]:
        now_ms = self._clock.now_ms()
        query = f"{_CASES}WHERE {where} ORDER BY {_ORDER} LIMIT {limit}"
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(query, (*(now_ms,) * _TIMES, *values)).fetchall()
        return [_case(tuple(row), self._keys) for row in rows]

    def _resolve(self, review_id: str, tenant: str | None) -> bool:
        with self._database.writing() as connection:
            changed = connection.exec_driver_sql(
                "UPDATE reviews SET status = 'done' WHERE review_id = ? AND status = 'pending' "
                "AND (tenant = ? OR ? = '')",
                (review_id, tenant or "", tenant or ""),
            ).rowcount
            if changed and not review_id.startswith(ASKS_LABEL):
                drop_waiting(connection, _request_of(connection, review_id))
        return changed > 0

    def _decide(self, review_id: str, reviewed: Reviewed, corrected: str) -> bool:
        if self._feedback is None:
            raise AssertionError("this queue was opened without a book of feedback")
        with self._database.reading() as connection:
            tenant = connection.exec_driver_sql(
                "SELECT tenant FROM reviews WHERE review_id = ?", (review_id,)
            ).scalar()
        corrected_digest = self._feedback.digest(str(tenant), corrected)
        with self._database.writing() as connection:
            request_id = _close(connection, review_id, reviewed)
            if request_id is None:
                return False
            asks_label = review_id.startswith(ASKS_LABEL)
            kind = review_id[: -len(request_id) - 1] if asks_label else "reviewed"
            put_beside(
                connection,
                self._keys,
                request_id,
                f"{kind}.reason",
                reviewed.reason,
                reviewed.decided_at_ms,
            )
            if asks_label:
                put_beside(
                    connection, self._keys, request_id, kind, corrected, reviewed.decided_at_ms
                )
                return True
            no_answer = connection.exec_driver_sql(
                f"SELECT 1 FROM requests r WHERE r.request_id = ? AND {WORDS_ALONE}", (request_id,)
            ).first()
            feedback = Feedback(
                request_id=request_id,
                tenant=str(tenant),
                source=FeedbackSource.REVIEW,
                key_id=reviewed.key_id,
                created_at_ms=reviewed.decided_at_ms,
                correct=None if no_answer else reviewed.verdict is ReviewVerdict.APPROVE,
                corrected_digest=corrected_digest,
            )
            self._feedback.append(connection, feedback, corrected)
            drop_waiting(connection, request_id)
        self._feedback.chained()
        return True

    def _mark_booked(self, review_id: str) -> None:
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "UPDATE reviews SET booked = 1 WHERE review_id = ?", (review_id,)
            )


def cases_of(
    connection: Connection, request_ids: Sequence[str], now_ms: int, keys: TextKeys
) -> dict[str, tuple[ReviewCase, ...]]:
    """Returns the matters of each of these requests, oldest first."""
    cases: dict[str, tuple[ReviewCase, ...]] = dict.fromkeys(request_ids, ())
    marks = ", ".join("?" * len(request_ids))
    for row in connection.exec_driver_sql(
        f"{_CASES}WHERE v.request_id IN ({marks}) ORDER BY v.created_at_ms, v.review_id",
        (*(now_ms,) * _TIMES, *request_ids),
    ):
        case = _case(tuple(row), keys)
        cases[case.item.request_id] += (case,)
    return cases


def waiting(
    database: Database, since_ms: int | None, until_ms: int | None, tenant: str | None
) -> int:
    """Counts matters of requests created in [since, until) that no person has decided or closed.

    Answers that wait for a label are none: their clients have them. Raises LedgerError.
    """
    where, values = _waiting_in(since_ms, until_ms, tenant)
    with database.reading() as connection:
        query = f"SELECT COUNT(*) FROM reviews v WHERE {where}"
        return int(connection.exec_driver_sql(query, values).scalar_one())


def waits(
    database: Database, since_ms: int | None, until_ms: int | None, tenant: str | None
) -> frozenset[str]:
    """Returns the requests whose matters `waiting` counts. Raises LedgerError."""
    where, values = _waiting_in(since_ms, until_ms, tenant)
    with database.reading() as connection:
        query = f"SELECT v.request_id FROM reviews v WHERE {where}"
        return frozenset(connection.exec_driver_sql(query, values).scalars())


def failed_waits(
    database: Database, since_ms: int | None, until_ms: int | None, tenant: str | None
) -> int:
    """Counts the matters that `waiting` counts whose requests failed. Raises LedgerError."""
    where, values = _waiting_in(since_ms, until_ms, tenant)
    failed = f"SELECT request_id FROM requests WHERE state = '{RequestState.FAILED}'"
    with database.reading() as connection:
        query = f"SELECT COUNT(*) FROM reviews v WHERE {where} AND v.request_id IN ({failed})"
        return int(connection.exec_driver_sql(query, values).scalar_one())


def _waiting_in(
    since_ms: int | None, until_ms: int | None, tenant: str | None
) -> tuple[str, tuple[int | str, ...]]:
    bounds = [("created_at_ms >= ?", since_ms), ("created_at_ms < ?", until_ms)]
    chosen = [*bounds, ("tenant = ?", tenant)]
    used = [(condition, value) for condition, value in chosen if value is not None]
    where = " AND ".join([f"status = '{PENDING}'", f"NOT {_IS_LABEL}", *(c for c, _ in used)])
    return where, tuple(value for _, value in used)


def _close(connection: Connection, review_id: str, reviewed: Reviewed) -> str | None:
    """Marks a pending matter as decided; returns its request, None where it does not wait."""
    changed = connection.exec_driver_sql(
        "UPDATE reviews SET status = ?, verdict = ?, minutes = ?, decided_by = ?, "
        "decided_key_id = ?, decided_at_ms = ?, cost_nano_usd = ?, price_version = ? "
        "WHERE review_id = ? AND status = ?",
        (
            DECIDED,
            reviewed.verdict.value,
            reviewed.minutes,
            reviewed.by,
            reviewed.key_id,
            reviewed.decided_at_ms,
            reviewed.cost_nano_usd,
            reviewed.price_version,
            review_id,
            PENDING,
        ),
    ).rowcount
    return _request_of(connection, review_id) if changed else None


def _request_of(connection: Connection, review_id: str) -> str:
    return str(
        connection.exec_driver_sql(
            "SELECT request_id FROM reviews WHERE review_id = ?", (review_id,)
        ).scalar_one()
    )


def _case(row: SqlRow, keys: TextKeys) -> ReviewCase:
    cells: tuple[Any, ...] = tuple(row)  # the schema states their types
    review_id, request_id, tenant, domain, created_at_ms, status, question, facts = cells[:8]
    verdict, minutes, by, key_id, decided_at_ms, cost, version, booked = cells[8:16]
    undrafted, urgency, draft, answer = cells[16:20]
    given = None
    stored_question, stored_facts = (
        None if text is None else keys.opened(text, f"{request_id} {kind}")
        for text, kind in zip(cells[20:], ("question", "facts"), strict=True)
    )
    item = ReviewItem(
        review_id,
        request_id,
        tenant,
        Domain(domain),
        created_at_ms,
        status,
        stored_question or question or "",
        tuple(stored_facts.split("\n") if stored_facts else orjson.loads(facts or "[]")),
        "none" if question is None else "full",
        urgency=Urgency(urgency),
    )
    if answer is not None:
        kind = f"{ASKS_LABEL}{item.head}" if item.head else "reviewed"
        given = keys.opened(answer, f"{request_id} {kind}")
    kind = "prompt" if item.head else "draft"
    shown = None if draft is None else keys.opened(draft, f"{request_id} {kind}")
    if undrafted and not item.head:
        shown = None  # an older version kept the words as one
    if item.head:
        text = "" if shown is None else last_turn(shown)
        item = replace(item, question=text, store="full" if text else "none")
        shown = None
    reviewed = None
    if verdict:
        reviewed = Reviewed(
            ReviewVerdict(verdict), minutes, by, key_id, decided_at_ms, cost, version
        )
    return ReviewCase(item, shown, reviewed, given, bool(booked), bool(undrafted))
