"""Finds and erases the stored texts about one person, and seals stored texts by a newer key.

An erasure deletes texts and leaves rows, so `verify` passes. Texts that an answerer wrote from an
erased one go with it. Each erased request gets a word of the source `erasure` in the chain of
feedback: its time, and the digest of the values that were searched for, under the tenant's key.
Texts that were stored with pseudonyms name nobody and are found by no name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import orjson
from msgspec import Struct

from router.ledger.row_reading import SYNTHESIZE
from router.ledger.sql.database import Database
from router.ledger.tables.feedback import SqlFeedback
from router.ledger.tables.texts import sealed
from router.privacy.digest import digest
from router.privacy.encryption import SEALED, TextKeys
from router.types import Clock, Feedback, FeedbackSource

_DIGITS_OF_A_NUMBER = 6
_DECISION = re.compile(r"\bdec_\w+")


class StoredText(Struct, frozen=True):
    """Names one stored text that is about somebody."""

    request_id: str
    tenant: str
    kind: str
    created_at_ms: int


class SubjectTexts(Struct, frozen=True):
    """Holds the texts about somebody, and how many no key here opens."""

    texts: tuple[StoredText, ...]
    closed: int


def is_about(values: Sequence[str], text: str) -> bool:
    """Returns True where any value stands in a text, whatever its case and blanks.

    >>> is_about(["+1 415 555 0132"], "call +1 (415) 555-0132"), is_about(["Jo"], "John")
    (True, False)
    """
    plain = " ".join(text.casefold().split())
    digits = re.sub(r"\D", "", text)
    for value in values:
        number = re.sub(r"\D", "", value)
        if len(number) >= _DIGITS_OF_A_NUMBER and not re.search(r"[^\W\d_]", value):
            if number in digits:
                return True
            continue
        wanted = re.escape(" ".join(value.casefold().split()))
        if re.search(rf"(?<!\w){wanted}(?!\w)", plain):
            return True
    return False


class Subjects:
    """Answers for one ledger; everything blocks. Raises LedgerError."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keys: TextKeys,
        feedback: SqlFeedback,
        key_of: Callable[[str], bytes],
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._feedback = feedback
        self._key_of = key_of

    def find(self, values: Sequence[str], tenant: str | None) -> SubjectTexts:
        """Returns the stored texts in which any of the values stands."""
        query = (
            "SELECT request_id, tenant, kind, created_at_ms, content FROM texts "
            "WHERE (tenant = ? OR ? IS NULL) ORDER BY created_at_ms, request_id, kind"
        )
        texts: list[StoredText] = []
        closed = 0
        with self._database.reading() as connection:
            for row in connection.exec_driver_sql(query, (tenant, tenant)):
                request_id, owner, kind, created, content = row
                text = self._keys.opened(str(content), f"{request_id} {kind}")
                if text is None:
                    closed += 1
                elif is_about(values, text):
                    texts.append(StoredText(str(request_id), str(owner), str(kind), int(created)))
        return SubjectTexts((*texts, *self._copies_of(texts)), closed)

    def _copies_of(self, texts: Sequence[StoredText]) -> list[StoredText]:
        """Returns the prompts in which an answerer was asked to put these texts into other words.

        Such a prompt names the decisions of its source, and holds a copy of the text.
        """
        known = {one.request_id for one in texts}
        if not known:
            return []
        query = (
            "SELECT t.request_id, t.tenant, t.kind, t.created_at_ms, t.content FROM texts t "
            "JOIN requests r ON r.request_id = t.request_id "
            "WHERE r.endpoint = ? AND t.kind = 'prompt' ORDER BY t.created_at_ms, t.request_id"
        )
        copies = []
        with self._database.reading() as connection:
            for row in connection.exec_driver_sql(query, (SYNTHESIZE,)):
                request_id, owner, kind, created, content = row
                text = self._keys.opened(str(content), f"{request_id} {kind}") or ""
                sources = {one.removeprefix("dec_") for one in _DECISION.findall(text)}
                if request_id not in known and sources & known:
                    copies.append(StoredText(str(request_id), str(owner), str(kind), int(created)))
        return copies

    def erase(self, values: Sequence[str], tenant: str | None) -> SubjectTexts:
        """Deletes all texts of the requests in which any value stands; returns what was found."""
        subject_texts = self.find(values, tenant)
        owners = {one.request_id: one.tenant for one in subject_texts.texts}
        for request_id, owner in owners.items():
            with self._database.writing() as connection:
                connection.exec_driver_sql("DELETE FROM texts WHERE request_id = ?", (request_id,))
                connection.exec_driver_sql(
                    "UPDATE reviews SET question = '', facts = NULL WHERE request_id = ?",
                    (request_id,),
                )
            proof = Feedback(
                request_id,
                owner,
                FeedbackSource.ERASURE,
                "",
                self._clock.now_ms(),
                corrected_digest=digest(self._key_of(owner), "\n".join(values)),
            )
            self._feedback.note(proof)
        return subject_texts

    def reseal(self) -> tuple[int, int]:
        """Seals all texts by the first key. Returns how many, and how many no key here opens."""
        query = "SELECT request_id, kind, content FROM texts ORDER BY request_id, kind"
        with self._database.reading() as connection:
            rows = [tuple(map(str, row)) for row in connection.exec_driver_sql(query)]
        done = closed = 0
        for request_id, kind, content in rows:
            if self._keys.is_current(content):
                continue
            text = self._keys.opened(content, f"{request_id} {kind}")
            if text is None:
                closed += 1
                continue
            new = sealed(self._keys, text, request_id, kind)
            with self._database.writing() as connection:
                connection.exec_driver_sql(
                    "UPDATE texts SET content = ? WHERE request_id = ? AND kind = ? "
                    "AND content = ?",
                    (new, request_id, kind, content),
                )
            done += 1
        return done, closed


class PrivacyFigures(Struct, frozen=True):
    """Counts what an auditor asks about. No text and no value is in it."""

    requests: int
    texts: Mapping[str, int]  # stored texts by kind and form, as "prompt, redacted, sealed"
    hidden: Mapping[str, int]  # values that no provider saw, by kind
    requests_hidden: int
    requests_barred: int  # a residency rule kept them from an answerer
    requests_erased: int


def privacy_figures(database: Database) -> PrivacyFigures:
    """Returns the counts of one ledger; blocks. Raises LedgerError."""
    texts: Counter[str] = Counter()
    hidden: Counter[str] = Counter()
    requests = with_hidden = barred = 0
    with database.reading() as connection:
        for kind, store, content in connection.exec_driver_sql(
            "SELECT kind, store, substr(content, 1, 5) FROM texts"
        ):
            form = "sealed" if content == SEALED else "open"
            texts[f"{kind}, {store}, {form}"] += 1
        for (record,) in connection.exec_driver_sql("SELECT record FROM requests"):
            requests += 1
            if '"pseudonyms":{"' in record:
                with_hidden += 1
                hidden.update(orjson.loads(record)["pseudonyms"])
            barred += '"residency"' in record
        erased = connection.exec_driver_sql(
            "SELECT count(DISTINCT request_id) FROM feedback WHERE source = ?",
            (FeedbackSource.ERASURE.value,),
        ).scalar_one()
    return PrivacyFigures(requests, texts, hidden, with_hidden, barred, int(erased))
