"""Finds and erases what is stored about one person, and seals stored texts by a newer key.

An erasure deletes texts and leaves rows, so `verify` passes. Texts that an answerer wrote from an
erased one go with it. Each erased request gets a word of the source `erasure` in the chain of
feedback: its time, and the digest of the values that were searched for, under the tenant's key.
Texts that were stored with pseudonyms name nobody and are found by no name.

Files and batches of clients are searched too, and go as a whole with all files of their batch.
Kept answers cannot be searched: caches are in the memory of servers, and an answer under an
idempotency key opens with that key alone. So an erasure drops all of them. Tags, names in the
roll-ups and the names of reviewers stay, and are counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import orjson
from msgspec import Struct

from router.ledger.row_reading import AFTERWARDS, SYNTHESIZE
from router.ledger.sql.database import Database
from router.ledger.tables.feedback import SqlFeedback
from router.ledger.tables.tenant_secrets import forget_answers
from router.ledger.tables.texts import sealed
from router.privacy.digest import digest
from router.privacy.encryption import SEALED, TextKeys, sealing_key, unseal
from router.types import Clock, Feedback, FeedbackSource, RequestState

_DIGITS_OF_A_NUMBER = 6
KEPT_NAMES = (("requests", "tags"), ("rollups", "name"), ("reviews", "decided_by"))
"""Lists columns in clear that no erasure changes: the chain, or what was billed, needs them."""
LEFT_OUT = "requests.record"
"""Counts the rows whose record has a name of an unknown body key, which a client chooses."""
_BETWEEN_WORDS = re.compile(r"[_.\[\]-]+")
_DECISION = re.compile(r"\bdec_\w+")


class StoredText(Struct, frozen=True):
    """Names one stored text that is about somebody."""

    request_id: str
    tenant: str
    kind: str
    created_at_ms: int


class SubjectTexts(Struct, frozen=True):
    """Holds what is stored about somebody, and how many texts no key here opens.

    `kept_names` counts rows by column that have a value in clear, and that no erasure changes.
    """

    texts: tuple[StoredText, ...]
    closed: int
    files: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()
    kept_names: Mapping[str, int] = {}


def is_about(values: Sequence[str], text: str) -> bool:
    """Returns True where any value stands in a text, whatever its case and blanks.

    >>> is_about(["+1 415 555 0132"], "call +1 (415) 555-0132"), is_about(["Jo"], "John")
    (True, False)
    """
    plain = " ".join(text.casefold().split())
    digits = re.sub(r"\D", "", text)
    for value in values:
        # An empty value would stand in every text.
        if not re.search(r"[^\W_]", value):
            continue
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
        files, batches = self._files_about(values, tenant)
        found = (*texts, *self._copies_of(texts))
        return SubjectTexts(found, closed, files, batches, self._names_about(values, tenant))

    def _files_about(
        self, values: Sequence[str], tenant: str | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Returns the ids of files and of batches: one of its files, or its results, tell of the
        person, or a file of another batch of these is also one of its own.
        """
        with self._database.reading() as connection:
            files = connection.exec_driver_sql(
                "SELECT file_id, tenant, filename FROM files WHERE tenant = ? OR ? IS NULL",
                (tenant, tenant),
            ).fetchall()
            batches = connection.exec_driver_sql(
                "SELECT batch_id, tenant, content, input_file_id, output_file_id, error_file_id "
                "FROM batches WHERE tenant = ? OR ? IS NULL",
                (tenant, tenant),
            ).fetchall()
        told = {
            str(file_id)
            for file_id, owner, name in files
            if is_about(values, str(name))
            or self._tells(values, "file_parts", "file_id", "part", str(owner), str(file_id))
        }
        told |= {
            str(batch_id)
            for batch_id, owner, content, *_ in batches
            if _line_tells(values, str(content).encode())
            or self._tells(values, "batch_results", "batch_id", "line", str(owner), str(batch_id))
        }
        size = -1
        while size < len(told):  # each turn adds an id, or is the last one
            size = len(told)
            for batch_id, _, _, *names in batches:
                ids = {str(name) for name in (batch_id, *names) if name}
                if ids & told:
                    told |= ids
        return (
            tuple(str(file_id) for file_id, *_ in files if file_id in told),
            tuple(str(batch_id) for batch_id, *_ in batches if batch_id in told),
        )

    def _tells(
        self, values: Sequence[str], table: str, name: str, place: str, owner: str, whole: str
    ) -> bool:
        """Returns True where a value stands in a file's parts, or in a batch's results."""
        lines = _lines_of(self._pieces(table, name, place, owner, whole))
        return any(_line_tells(values, line) for line in lines)

    def _pieces(self, table: str, name: str, place: str, owner: str, whole: str) -> Iterator[bytes]:
        """Yields what is kept under one id, a piece at a time; one that does not open is empty."""
        key, last = sealing_key(self._key_of(owner), whole), -1
        query = (
            f"SELECT {place}, sealed FROM {table} WHERE {name} = ? AND {place} > ? "
            f"ORDER BY {place} LIMIT 1"
        )
        while True:  # ends with the last piece
            with self._database.reading() as connection:
                row = connection.exec_driver_sql(query, (whole, last)).first()
            if row is None:
                return
            last = int(row[0])
            yield unseal(key, bytes(row[1])) or b""
            if table == "batch_results":  # each is a line of its own
                yield b"\n"

    def _names_about(self, values: Sequence[str], tenant: str | None) -> dict[str, int]:
        """Returns the number of rows that have a value in clear, by column."""
        counts = dict[str, int]()
        with self._database.reading() as connection:
            for table, column in KEPT_NAMES:
                rows = connection.exec_driver_sql(
                    f"SELECT {column} FROM {table} WHERE tenant = ? OR ? IS NULL",
                    (tenant, tenant),
                )
                found = sum(_line_tells(values, str(row[0]).encode()) for row in rows if row[0])
                if found:
                    counts[f"{table}.{column}"] = found
            records = connection.exec_driver_sql(
                "SELECT record FROM requests WHERE (tenant = ? OR ? IS NULL) AND record LIKE ?",
                (tenant, tenant, '%"dropped":%'),
            )
            if found := sum(_names_tell(values, str(row[0])) for row in records):
                counts[LEFT_OUT] = found
        return counts

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

    def emptied_log(self) -> bool:
        """Returns True once nothing deleted can be read in the database's log; see `Database`."""
        return self._database.emptied_log()

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
        with self._database.writing() as connection:
            for file_id in subject_texts.files:
                for table in ("file_parts", "files"):
                    connection.exec_driver_sql(f"DELETE FROM {table} WHERE file_id = ?", (file_id,))
            for batch_id in subject_texts.batches:
                for table in ("batch_results", "batches"):
                    connection.exec_driver_sql(
                        f"DELETE FROM {table} WHERE batch_id = ?", (batch_id,)
                    )
            connection.exec_driver_sql(
                "DELETE FROM replies WHERE tenant = ? OR ? IS NULL", (tenant, tenant)
            )
            forget_answers(connection, tenant, self._clock.now_ms())
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


def _names_tell(values: Sequence[str], record: str) -> bool:
    """Returns True where a value stands in a name of a body's key, also as words of it.

    >>> _names_tell(["Anna Keller"], '{"dropped": ["patient_Anna_Keller"]}')
    True
    """
    names = [str(name) for name in orjson.loads(record).get("dropped") or ()]
    return any(is_about(values, f"{name} {_BETWEEN_WORDS.sub(' ', name)}") for name in names)


def _lines_of(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yields the lines of a text that comes in pieces, in linear time."""
    begun = list[bytes]()
    for piece in pieces:
        first, *others = piece.split(b"\n")
        begun.append(first)
        if others:
            yield b"".join(begun)
            yield from others[:-1]
            begun = [others[-1]]
    yield b"".join(begun)


def _line_tells(values: Sequence[str], line: bytes) -> bool:
    r"""Returns True where a value stands in a line, or in any name or value of its JSON.

    >>> _line_tells(["José"], rb'{"name": "Jos\u00e9"}'), _line_tells(["Jo"], b"John")
    (True, False)
    """
    try:
        waiting = [orjson.loads(line)]
    except orjson.JSONDecodeError:
        return is_about(values, line.decode("utf-8", "replace"))
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list):
            waiting += item
        elif item is not None and is_about(values, str(item)):
            return True
    return False


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
        # As a report counts: what books money beside requests is none, nor is what still runs.
        others = sorted(AFTERWARDS)
        for (record,) in connection.exec_driver_sql(
            "SELECT record FROM requests WHERE state <> ? AND endpoint NOT IN "
            f"({', '.join('?' * len(others))})",
            (RequestState.OPEN.value, *others),
        ):
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
