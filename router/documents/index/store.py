"""Keeps documents and their chunks in an SQLite file; with `search`, the only SQL of documents.

A write is one transaction per document, so a reader sees a document whole, old or new. Each write
counts `generation` up; a searcher with an older one loads its vectors anew.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from router.documents.index import schema
from router.documents.index.words import words_of
from router.documents.pieces import FAR, Chunk
from router.errors import DocumentError
from router.locks.file_lock import FileLock

BUSY_MS = 10_000
"""Time that a write waits for another one, as of a second `knowledge add`."""


class Document(Struct, frozen=True):
    """Describes one document that is kept."""

    tenant: str
    collection: str
    source: str
    title: str = ""
    label: str = ""  # "": everybody of the tenant may read it
    digest: str = ""  # of its bytes, and of all that its chunks depend on
    size: int = 0
    modified_ms: int = 0
    valid_from: int = 0  # days since 1970
    valid_until: int = FAR
    chunks: int = 0
    id: int = 0


class Store:
    """Holds an open store of documents. One thread at a time; close it."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Opens the file. Raises DocumentError where there is none, or none of ours."""
        if not create and not path.is_file():
            raise DocumentError(
                f"{path}: found no store of documents; expected one: `tiergate knowledge add "
                "FOLDER` makes it"
            )
        self.path = path
        try:
            if create and not path.exists():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, OSError) as error:
            raise DocumentError(
                f"{path}: cannot be opened ({error}); expected a file that may be written"
            ) from error
        try:
            with self._errors():
                self._db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
                self._prepare(create)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise DocumentError(
                f"{self.path}: found a store that SQLite refuses ({error}); expected a file that "
                "`tiergate knowledge add` made, in a folder that may be written, with room on its "
                "disk"
            ) from error

    def _prepare(self, create: bool) -> None:
        if create and not self._tables():
            with locked(self.path):  # another process may make the same store
                if not self._tables():
                    self._make_tables()
        version = self.meta("version") if self._tables() == 2 else None
        if version != str(schema.VERSION):
            raise DocumentError(
                f"{self.path}: found {'another file' if version is None else f'version {version}'};"
                f" expected a store of documents of version {schema.VERSION}: name another file"
            )

    def _tables(self) -> int:
        """Returns how many of two tables of ours the file has."""
        query = "SELECT count(*) FROM sqlite_master WHERE name IN ('meta', 'words')"
        return int(self._db.execute(query).fetchone()[0])

    def _make_tables(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(f"BEGIN IMMEDIATE; {schema.TABLES}")
        self._db.execute("INSERT INTO meta VALUES ('version', ?)", (str(schema.VERSION),))
        self._db.execute("INSERT INTO meta VALUES ('generation', '0')")
        self._db.execute("COMMIT")

    def meta(self, name: str) -> str | None:
        """Returns a noted value, None without one."""
        with self._errors():
            row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def note(self, name: str, value: str) -> None:
        """Notes a value."""
        with self._errors():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    @property
    def generation(self) -> int:
        """Returns how many writes there were."""
        return int(self.meta("generation") or 0)

    def run(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Returns the rows of a query; `search` knows the tables too."""
        with self._errors():
            return self._db.execute(sql, tuple(values)).fetchall()

    def documents(self, tenant: str | None = None, collection: str | None = None) -> list[Document]:
        """Returns the documents of a tenant and a collection (None: of all), by source."""
        rows = self.run(
            "SELECT d.tenant, d.collection, d.source, d.title, s.label, d.digest, d.bytes,"
            " d.modified_ms, d.valid_from, d.valid_until,"
            " (SELECT count(*) FROM chunks c WHERE c.document = d.id), d.id"
            " FROM documents d JOIN scopes s ON s.id = d.scope"
            " WHERE (?1 IS NULL OR d.tenant = ?1) AND (?2 IS NULL OR d.collection = ?2)"
            " ORDER BY d.tenant, d.collection, d.source",
            (tenant, collection),
        )
        return [Document(*row) for row in rows]  # type: ignore[arg-type]

    def put(
        self, document: Document, chunks: Sequence[Chunk], vectors: Sequence[bytes | None]
    ) -> None:
        """Keeps a document in place of an older one of the same source."""
        with self._transaction():
            self._drop(document)
            scope = self._scope(document)
            cursor = self._db.execute(
                "INSERT INTO documents (scope, tenant, collection, source, title, digest, bytes,"
                " modified_ms, valid_from, valid_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (scope, document.tenant, document.collection, document.source, document.title,
                 document.digest, document.size, document.modified_ms, document.valid_from,
                 document.valid_until),
            )  # fmt: skip
            for chunk, uid, vector in zip(chunks, uids(document, chunks), vectors, strict=True):
                row = self._db.execute(
                    "INSERT INTO chunks (document, uid, section, page, text, vector)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (cursor.lastrowid, uid, chunk.section, chunk.page, chunk.text, vector),
                ).lastrowid
                heading = " ".join(words_of(f"{document.title} {chunk.section}"))
                self._db.execute(
                    "INSERT INTO words (rowid, scope, heading, body) VALUES (?, ?, ?, ?)",
                    (row, scope_word(scope), heading, " ".join(words_of(chunk.text))),
                )

    def remove(self, document: Document) -> bool:
        """Removes a document with all its chunks; returns False where there was none."""
        with self._transaction():
            return self._drop(document)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute(
                    "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'generation'"
                )
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise

    def _drop(self, document: Document) -> bool:
        key = (document.tenant, document.collection, document.source)
        row = self._db.execute(
            "SELECT id FROM documents WHERE tenant = ? AND collection = ? AND source = ?", key
        ).fetchone()
        if row is None:
            return False
        self._db.execute(
            "DELETE FROM words WHERE rowid IN (SELECT id FROM chunks WHERE document = ?)", row
        )
        self._db.execute("DELETE FROM chunks WHERE document = ?", row)
        self._db.execute("DELETE FROM documents WHERE id = ?", row)
        return True

    def _scope(self, document: Document) -> int:
        key = (document.tenant, document.collection, document.label)
        self._db.execute(
            "INSERT OR IGNORE INTO scopes (tenant, collection, label) VALUES (?, ?, ?)", key
        )
        return int(
            self._db.execute(
                "SELECT id FROM scopes WHERE tenant = ? AND collection = ? AND label = ?", key
            ).fetchone()[0]
        )


def locked(path: Path) -> FileLock:
    """Lets one process of this machine at a time into a `with` block. Raises DocumentError."""
    beside = path.with_suffix(".lock")
    try:
        return FileLock.wait_for(beside)
    except OSError as error:
        raise DocumentError(f"{beside}: cannot be made: {error}") from error


def scope_word(scope: int) -> str:
    """Returns the word that stands for a scope in the full-text table."""
    return f"s{scope}"


def uids(document: Document, chunks: Sequence[Chunk]) -> list[str]:
    """Returns an id for each chunk, 12 hex digits: the same as long as place and text are.

    Of equal chunks of one page the later ones count on, so that no two share an id.
    """
    made: dict[str, None] = {}
    # How often a place and text were there: without it, rows that repeat cost their square.
    repeats: Counter[tuple[int, str]] = Counter()
    for chunk in chunks:
        key = (document.tenant, document.collection, document.source, str(chunk.page), chunk.text)
        place = (chunk.page, chunk.text)
        uid = ""
        while not uid or uid in made:
            extra = repeats[place]
            named = "\0".join((*key, str(extra) if extra else ""))
            uid = hashlib.blake2b(named.encode("utf-8", "replace"), digest_size=6).hexdigest()
            repeats[place] += 1
        made[uid] = None
    return list(made)
