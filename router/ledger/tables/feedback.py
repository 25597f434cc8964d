"""Keeps feedback in the database: appends it to its chain; the latest of each source counts.

The text of a corrected answer is in `texts`, if the `privacy` of the request's policy allows it;
the chain covers its digest. So an erasure removes the text and leaves the chain. A comment is in
`texts` alone: it says why, and nothing is computed from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from msgspec.structs import replace
from sqlalchemy import Connection

from router.errors import FeedbackRefused
from router.ledger.feedback_chain import FeedbackRecord, chained, feedback_values
from router.ledger.hash_chain import Finding, FindingKind
from router.ledger.record_reading import confidence_source, judged_of, reasoning_of
from router.ledger.replies import in_place_sql, reply_sql
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.sql.rows import SqlRow
from router.ledger.tables.texts import put_beside
from router.privacy.digest import digest
from router.privacy.encryption import NO_KEYS, TextKeys
from router.types import (
    NO_ANSWER_MODEL,
    Clock,
    Deliberated,
    Feedback,
    FeedbackSource,
    Heard,
    TrueOutcome,
)


class _Judged(NamedTuple):
    """Holds the answer that an outcome is about; `record` is "" where nothing reads it."""

    level: int
    confidence: float
    words: bool  # approved words went out
    draft: bool
    reply: str
    record: str
    cost_nano_usd: int
    policy: str


_DELIBERATED = '%"reasoning":%'
"""Pattern of the record of a deliberation."""
_BY_A_JUDGE = '%"judged":{%'
"""Pattern of the record of an answer that another model judged."""

MAX_REVISIONS = 32
"""Most words of one source on one decision, so that a form sent again and again fills no disk."""

PAGE = 500
TEXT_KIND = {FeedbackSource.CLIENT: "corrected", FeedbackSource.REVIEW: "reviewed"}
"""Kind in `texts` of the corrected answer of each source."""
COMMENT = "comment"
"""Kind in `texts` of a client's comment. A reviewer's is the reason of the verdict."""

_COLUMNS = (
    "f.sequence, f.request_id, f.tenant, f.source, f.key_id, f.created_at_ms, f.correct, "
    "f.loss_nano_usd, f.resolved_first_contact, f.csat, f.handle_minutes, f.corrected_digest, "
    "f.prev_hash, f.row_hash"
)
_LOCK = (
    "INSERT INTO meta (name, content) VALUES ('feedback_chain', '') "
    "ON CONFLICT (name) DO UPDATE SET content = excluded.content"
)
"""Every append locks this row first, also where a database has no lock of the whole."""
_TOLD = {*Feedback.__struct_fields__} & {*TrueOutcome.__struct_fields__} - {"request_id"}
"""Fields that a source may state about an answer, and that an outcome holds."""
APPROVED_WORDS_SQL = in_place_sql("r.")
"""SQL condition: words went out in place of an answer, so a client's `correct` is about those."""
_ANSWERED = (
    "EXISTS (SELECT 1 FROM attempts a WHERE a.request_id = r.request_id AND a.role <> 'triage' "
    f"AND a.model <> '{NO_ANSWER_MODEL}' AND a.state IN ('settled', 'unknown_cost') "
    "AND a.error_code = '')"
)
"""SQL condition: a tier answered. Words that say that there is no answer are none."""
_REPLY = reply_sql("r.")
_DRAFT = f"{APPROVED_WORDS_SQL} AND {_ANSWERED}"
"""SQL condition: approved words went out although there was an answer."""
WORDS_ALONE = (
    f"({APPROVED_WORDS_SQL} AND NOT {_ANSWERED} OR r.verdict = '' AND r.error_code <> '' "
    "AND r.state <> 'cancelled')"
)
"""SQL condition: an error went out, or approved words where no tier answered. There is no answer
that could be judged. Who leaves a stream has read a part of one."""


class SqlFeedback:
    """Implements the Protocol `types.FeedbackBook` over the ledger's database."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        key_of: Callable[[str], bytes],
        chained: Callable[[], None],
        keys: TextKeys = NO_KEYS,
    ) -> None:
        """Stores the parts: `key_of` is `TenantSecrets.key_now`; each new word calls `chained`."""
        self._database = database
        self._clock = clock
        self._key_of = key_of
        self.chained = chained
        self._keys = keys

    async def add(
        self, feedback: Feedback, corrected: str = "", comment: str = ""
    ) -> tuple[Heard, bool]:
        """Returns the word that counts now, and True if it is new.

        Raises FeedbackRefused, LedgerError.
        """
        return await asyncio.to_thread(self.add_now, feedback, corrected, comment)

    def add_now(
        self, feedback: Feedback, corrected: str = "", comment: str = ""
    ) -> tuple[Heard, bool]:
        """Does what `add` does; blocks."""
        digested = replace(feedback, corrected_digest=self.digest(feedback.tenant, corrected))
        with self._database.writing() as connection:
            heard, new = self.append(connection, digested, corrected, comment)
        if new:
            self.chained()
        return heard, new

    def note(self, feedback: Feedback) -> None:
        """Appends a word whose digest is made already; blocks. Raises LedgerError."""
        with self._database.writing() as connection:
            self.append(connection, feedback, "")
        self.chained()

    def digest(self, tenant: str, corrected: str) -> str:
        """Returns the corrected answer's digest under its tenant's key; blocks for a query."""
        return digest(self._key_of(tenant), corrected) if corrected else ""

    def append(
        self, connection: Connection, feedback: Feedback, corrected: str, comment: str = ""
    ) -> tuple[Heard, bool]:
        """Appends within the caller's transaction; the digest is in `feedback`.

        A new comment replaces the one before also where the same is said again; the same without
        one leaves it. Raises FeedbackRefused.
        """
        connection.exec_driver_sql(_LOCK)
        before = _records_of(connection, feedback.request_id, feedback.source)
        if before and before[-1].feedback.says() == feedback.says():
            if comment:  # a retry that lacks it must not delete it
                self._put_comment(connection, feedback, comment)
            return _newest(connection, before, self._clock.now_ms(), self._keys), False
        if len(before) >= MAX_REVISIONS:
            raise FeedbackRefused(
                f"The {feedback.source.value} has spoken {len(before)} times on this decision; at "
                f"most {MAX_REVISIONS} words are kept."
            )
        record = chained(reading.feedback_head(connection), feedback)
        values = (*feedback_values(record.sequence, feedback), record.prev_hash, record.row_hash)
        marks = ", ".join("?" * len(values))
        names = _COLUMNS.replace("f.", "")
        connection.exec_driver_sql(f"INSERT INTO feedback ({names}) VALUES ({marks})", values)
        self._put_text(connection, feedback, corrected)
        self._put_comment(connection, feedback, comment)
        return _newest(connection, [*before, record], self._clock.now_ms(), self._keys), True

    async def of(self, request_id: str) -> Sequence[Heard]:
        """Returns the latest word of each source on one request. Raises LedgerError."""
        return await asyncio.to_thread(self.of_now, request_id)

    def of_now(self, request_id: str) -> Sequence[Heard]:
        """Does what `of` does; blocks."""
        with self._database.reading() as connection:
            histories = (_records_of(connection, request_id, source) for source in TEXT_KIND)
            now_ms = self._clock.now_ms()
            return [
                _newest(connection, records, now_ms, self._keys) for records in histories if records
            ]

    def _put_text(self, connection: Connection, feedback: Feedback, corrected: str) -> None:
        """Replaces the text of the word before by the newest word's text, or by none."""
        kind = TEXT_KIND.get(feedback.source)
        if kind is None:
            return
        now_ms = self._clock.now_ms()
        put_beside(connection, self._keys, feedback.request_id, kind, corrected, now_ms)

    def _put_comment(self, connection: Connection, feedback: Feedback, comment: str) -> None:
        if feedback.source is FeedbackSource.CLIENT:
            now_ms = self._clock.now_ms()
            put_beside(connection, self._keys, feedback.request_id, COMMENT, comment, now_ms)


def records(connection: Connection) -> Iterator[FeedbackRecord]:
    """Yields the whole chain in order, a page at a time."""
    after = -1
    while True:
        page = connection.exec_driver_sql(
            f"SELECT {_COLUMNS} FROM feedback f WHERE f.sequence > ? "
            f"ORDER BY f.sequence LIMIT {PAGE}",
            (after,),
        ).fetchall()
        yield from (_record(tuple(row)) for row in page)
        if len(page) < PAGE:
            return
        after = int(page[-1][0])


def outcomes(
    database: Database,
    *,
    since_ms: int | None = None,
    until_ms: int | None = None,
    tenant: str | None = None,
    with_sources: bool = False,
) -> Iterator[TrueOutcome]:
    """Yields outcomes of requests created in [since, until), in the order of ids; blocks.

    For report, replay and tune. `with_sources` reads each decision's record for what its confidence
    rests on. Raises LedgerError.
    """
    after, begin, end = "", since_ms or 0, 2**62 if until_ms is None else until_ms
    while True:
        with database.reading() as connection:
            answers = {
                str(request_id): _Judged(
                    int(level),
                    float(confidence),
                    bool(words),
                    bool(draft),
                    str(reply),
                    str(record),
                    int(cost),
                    str(policy),
                )
                for request_id, level, confidence, words, draft, reply, cost, policy, record in (
                    connection.exec_driver_sql(
                        "SELECT DISTINCT f.request_id, r.tier_number, r.confidence, "
                        f"CASE WHEN {APPROVED_WORDS_SQL} THEN 1 ELSE 0 END, "
                        f"CASE WHEN {_DRAFT} THEN 1 ELSE 0 END, {_REPLY}, r.cost_nano_usd, "
                        "r.policy, "
                        "CASE WHEN r.record LIKE ? OR r.record LIKE ? THEN r.record ELSE '' END "
                        "FROM feedback f "
                        "JOIN requests r ON r.request_id = f.request_id "
                        "WHERE f.request_id > ? AND r.created_at_ms >= ? AND r.created_at_ms < ? "
                        f"AND (r.tenant = ? OR ? = '') ORDER BY 1 LIMIT {PAGE}",
                        (_DELIBERATED, _BY_A_JUDGE, after, begin, end, tenant or "", tenant or ""),
                    )
                )
            }
            words = latest_words(connection, tuple(answers)) if answers else {}
            sources = _sources(connection, tuple(answers)) if with_sources and answers else {}
        for request_id, answer in answers.items():
            told = _outcome(request_id, words[request_id], answer)
            # Each query sees its own moment, so a row may be purged between them.
            yield replace(told, confidence_source=sources.get(request_id, ""))
        if len(answers) < PAGE:
            return
        after = max(answers)


def stated_outcomes(judged: Iterable[TrueOutcome]) -> list[tuple[float, bool]]:
    """Returns the stated confidence of judged deliberations, and if they were right."""
    return [
        (one.deliberated.stated_confidence, one.correct)
        for one in judged
        if one.deliberated is not None
        and one.deliberated.stated_confidence is not None
        and one.correct is not None
    ]


def latest_words(
    connection: Connection, request_ids: Sequence[str]
) -> dict[str, dict[FeedbackSource, Feedback]]:
    """Returns the newest word of each source on these requests."""
    latest: dict[str, dict[FeedbackSource, Feedback]] = {
        request_id: {} for request_id in request_ids
    }
    marks = ",".join("?" * len(request_ids))
    for row in connection.exec_driver_sql(
        f"SELECT {_COLUMNS} FROM feedback f WHERE f.request_id IN ({marks}) ORDER BY f.sequence",
        tuple(request_ids),
    ):
        feedback = _record(tuple(row)).feedback
        latest[feedback.request_id][feedback.source] = feedback
    return latest


def _sources(connection: Connection, request_ids: Sequence[str]) -> dict[str, str]:
    """Returns what the confidence of each of these requests rests on."""
    marks = ",".join("?" * len(request_ids))
    rows = connection.exec_driver_sql(
        "SELECT request_id, verdict, reason, answerer, record FROM requests "
        f"WHERE request_id IN ({marks})",
        tuple(request_ids),
    )
    return {str(request_id): confidence_source(*map(str, cells)) for request_id, *cells in rows}


def _outcome(
    request_id: str, by_source: Mapping[FeedbackSource, Feedback], answer: _Judged
) -> TrueOutcome:
    """Returns an outcome. Each field is the reviewer's word, or the client's if there is none.

    A client that got approved words saw no draft: what it says of right and wrong is of the words.
    """
    words_correct = None
    if answer.words and (client := by_source.get(FeedbackSource.CLIENT)) is not None:
        words_correct = client.correct
        by_source = {**by_source, FeedbackSource.CLIENT: replace(client, correct=None)}
    words = [
        by_source[source]
        for source in (FeedbackSource.REVIEW, FeedbackSource.CLIENT)
        if source in by_source
    ]
    fields = {name: _first(getattr(word, name) for word in words) for name in _TOLD}
    return TrueOutcome(
        request_id,
        **fields,
        level=answer.level,
        confidence=answer.confidence,
        draft=answer.draft,
        words=answer.words,
        words_correct=words_correct,
        reply=answer.reply,
        deliberated=_deliberated(answer),
        judged=judged_of(answer.record),
        policy=answer.policy,
    )


def _deliberated(answer: _Judged) -> Deliberated | None:
    """Returns what the row says of a deliberation; None where there was none."""
    note = reasoning_of(answer.record)
    if note is None:
        return None
    impact = orjson.loads(answer.record)["signals"].get("impact_nano_usd") or 0
    return Deliberated(note.stated_confidence, int(impact), answer.cost_nano_usd)


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def corrected_texts(connection: Connection) -> Iterator[Finding]:
    """Yields corrected answers stored in full that differ from their source's newest word."""
    for source, kind in TEXT_KIND.items():
        for request_id, content, secret, stated in connection.exec_driver_sql(
            "SELECT t.request_id, t.content, s.secret, f.corrected_digest FROM texts t "
            "JOIN tenant_secrets s ON s.tenant = t.tenant JOIN feedback f ON f.sequence = "
            "(SELECT max(g.sequence) FROM feedback g WHERE g.request_id = t.request_id "
            "AND g.source = ?) WHERE t.store = 'full' AND t.kind = ? "
            "AND substr(t.content, 1, 5) <> 'tgt1.'",  # a sealed text proves itself
            (source.value, kind),
        ):
            if digest(bytes(secret), str(content)) != stated:
                detail = f"the stored {kind} answer does not fit its digest"
                yield Finding(FindingKind.TEXT_EDITED, detail, request_id=str(request_id))


def _records_of(
    connection: Connection, request_id: str, source: FeedbackSource
) -> list[FeedbackRecord]:
    return [
        _record(tuple(row))
        for row in connection.exec_driver_sql(
            f"SELECT {_COLUMNS} FROM feedback f WHERE f.request_id = ? AND f.source = ? "
            "ORDER BY f.sequence",
            (request_id, source.value),
        )
    ]


def _newest(
    connection: Connection, words: Sequence[FeedbackRecord], now_ms: int, keys: TextKeys
) -> Heard:
    """Returns the newest of one source's words, with its texts where they are kept."""
    newest = words[-1]
    feedback = newest.feedback
    kind = TEXT_KIND.get(feedback.source, "")
    beside = COMMENT if feedback.source is FeedbackSource.CLIENT else ""
    texts = {
        str(name): keys.opened(str(content), f"{feedback.request_id} {name}")
        for name, content in connection.exec_driver_sql(
            "SELECT kind, content FROM texts WHERE request_id = ? AND kind IN (?, ?) "
            "AND expires_at_ms > ?",
            (feedback.request_id, kind, beside, now_ms),
        )
    }
    return Heard(feedback, newest.sequence, len(words), texts.get(kind), texts.get(beside))


def _record(row: SqlRow) -> FeedbackRecord:
    cells: tuple[Any, ...] = tuple(row)  # the schema states their types
    sequence, request_id, tenant, source, key_id, at_ms, correct, loss = cells[:8]
    resolved, csat, minutes, corrected_digest, prev_hash, row_hash = cells[8:]
    feedback = Feedback(
        request_id=request_id,
        tenant=tenant,
        source=FeedbackSource(source),
        key_id=key_id,
        created_at_ms=at_ms,
        correct=None if correct is None else bool(correct),
        loss_nano_usd=loss,
        resolved_first_contact=None if resolved is None else bool(resolved),
        csat=csat,
        handle_minutes=minutes,
        corrected_digest=corrected_digest,
    )
    return FeedbackRecord(int(sequence), feedback, str(prev_hash), str(row_hash))
