"""Reads finished requests with their texts, words and reviews, a page at a time, oldest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import Connection

from router.ledger.past_request import KeptText, PastRequest
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.tables.feedback import latest_words
from router.ledger.tables.reviews import cases_of
from router.privacy.encryption import TextKeys
from router.types import RequestRow, RequestState

PAGE = 500


def past_requests(
    database: Database,
    keys: TextKeys,
    now_ms: int,
    since_ms: int | None,
    until_ms: int | None,
    tenant: str | None,
) -> Iterator[PastRequest]:
    """Yields requests created in [since, until) that are finished. Raises LedgerError.

    A text whose key is missing is left out like one that has expired.
    """
    rows = reading.rows(database, since_ms=since_ms, until_ms=until_ms, tenant=tenant)
    finished = (row for row in rows if row.state is not RequestState.OPEN)
    while page := tuple(islice(finished, PAGE)):
        with database.reading() as connection:
            yield from _told(connection, page, keys, now_ms)


def _told(
    connection: Connection, page: Sequence[RequestRow], keys: TextKeys, now_ms: int
) -> list[PastRequest]:
    ids = tuple(row.request_id for row in page)
    marks = ",".join("?" * len(ids))
    texts: dict[str, dict[str, KeptText]] = {request_id: {} for request_id in ids}
    for request_id, kind, store, content, expires_at_ms in connection.exec_driver_sql(
        "SELECT request_id, kind, store, content, expires_at_ms FROM texts "
        f"WHERE request_id IN ({marks}) AND expires_at_ms > ? ORDER BY request_id, kind",
        (*ids, now_ms),
    ):
        opened = keys.opened(str(content), f"{request_id} {kind}")
        if opened is not None:
            kept = KeptText(opened, str(store), int(expires_at_ms))
            texts[str(request_id)][str(kind)] = kept
    words = latest_words(connection, ids)
    reviews = cases_of(connection, ids, now_ms, keys)
    return [
        PastRequest(row, texts[row.request_id], words[row.request_id], reviews[row.request_id])
        for row in page
    ]
