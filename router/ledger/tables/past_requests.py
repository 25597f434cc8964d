"""Reads finished requests with their texts, words and reviews, a page at a time, oldest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec.structs import replace
from sqlalchemy import Connection

from router.ledger.past_request import KeptText, PastRequest
from router.ledger.set_aside import SetAside, Statement, counts
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.tables.feedback import latest_words
from router.ledger.tables.reviews import cases_of
from router.ledger.tables.told_words import set_aside
from router.privacy.encryption import TextKeys
from router.types import Feedback, FeedbackSource, RequestRow, RequestState, ReviewCase

PAGE = 500


def past_requests(
    database: Database,
    keys: TextKeys,
    now_ms: int,
    since_ms: int | None,
    until_ms: int | None,
    tenant: str | None,
    page_size: int = PAGE,
) -> Iterator[PastRequest]:
    """Yields requests created in [since, until) that are finished. Raises LedgerError.

    A text whose key is missing is left out like one that has expired.
    """
    rows = reading.rows(database, since_ms=since_ms, until_ms=until_ms, tenant=tenant)
    finished = (row for row in rows if row.state is not RequestState.OPEN)
    while page := tuple(islice(finished, page_size)):
        with database.reading() as connection:
            yield from _with_words(connection, page, keys, now_ms)


def _with_words(
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
    aside = set_aside(connection)
    requests = [
        PastRequest(row, texts[row.request_id], words[row.request_id], reviews[row.request_id])
        for row in page
    ]
    return [_standing(one, aside) for one in requests] if aside else requests


def _standing(past: PastRequest, aside: Sequence[SetAside]) -> PastRequest:
    """Returns a request without the words and labels that were set aside."""
    row = past.row
    judged = (case.reviewed for case in past.reviews if not case.item.head)
    judge = next((one.by for one in judged if one is not None), "")
    words, reviews = dict[FeedbackSource, Feedback](), list[ReviewCase]()
    withdrawn: list[Feedback | ReviewCase] = []
    for source, word in past.words.items():
        by = judge if source is FeedbackSource.REVIEW else ""
        statement = Statement(row.request_id, row.tenant, word.key_id, word.created_at_ms, by)
        if counts(statement, aside):
            words[source] = word
        else:
            withdrawn.append(word)
    for case in past.reviews:
        given, head = case.reviewed, case.item.head
        if not head or given is None:
            reviews.append(case)
            continue
        label = Statement(
            row.request_id, row.tenant, given.key_id, given.decided_at_ms, given.by, head
        )
        (reviews if counts(label, aside) else withdrawn).append(case)
    return replace(past, words=words, reviews=tuple(reviews), withdrawn=tuple(withdrawn))
