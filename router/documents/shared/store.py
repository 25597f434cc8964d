"""Keeps the documents of several machines in a PostgreSQL database. The only file with its SQL.

It holds no index: each machine copies what changed into a file of its own and searches that
(`copy`). A write is one transaction per document, and counts `generation` up while it holds the
row of the generation, so no reader sees a later write without the earlier ones. A removed document
leaves a row without text, by which the copies learn that it is gone.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

from router.documents.index.store import Document
from router.documents.pieces import Chunk
from router.errors import DocumentError
from router.errors.installing import pip_install

if TYPE_CHECKING:
    from psycopg import Connection

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
VERSION = "1"
CONNECT_S = 3
READ_AT_ONCE = 50
"""Documents read in one go: with their vectors about 10 MB."""


_TABLES = (
    "CREATE TABLE IF NOT EXISTS tiergate_documents_meta (name text PRIMARY KEY, value text"
    " NOT NULL)",
    "CREATE TABLE IF NOT EXISTS tiergate_documents ("
    " id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " tenant text NOT NULL, collection text NOT NULL, source text NOT NULL, title text NOT NULL,"
    " label text NOT NULL, digest text NOT NULL, bytes bigint NOT NULL,"
    " modified_ms bigint NOT NULL, valid_from integer NOT NULL, valid_until integer NOT NULL,"
    " chunk_count integer NOT NULL, changed bigint NOT NULL,"
    " chunks bytea,"  # null: the document is gone
    " UNIQUE (tenant, collection, source))",
    "CREATE INDEX IF NOT EXISTS tiergate_documents_by_change ON tiergate_documents (changed)",
)
_FACTS = (
    "tenant, collection, source, title, label, digest, bytes, modified_ms, valid_from, valid_until"
)
_LOCK = 0x544744  # "TGD": the advisory lock under which the tables are made


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """Holds one chunk as the database keeps it, with its vector in half precision."""

    text: str
    section: str
    page: int
    vector: bytes | None


class Changed(NamedTuple):
    """Describes a document that changed; `chunks` is None for a removed one."""

    generation: int
    document: Document
    chunks: Sequence[Kept] | None


_DECODER = msgspec.msgpack.Decoder(list[Kept])


def is_shared(address: str) -> bool:
    """Returns True for the address of a server's database.

    >>> is_shared("postgresql://me@db.example/books"), is_shared(".tiergate/documents.db")
    (True, False)
    """
    return address.partition("://")[0] in SCHEMES and "://" in address


def shown(address: str) -> str:
    """Returns an address without user and password, without anything where it has another form.

    >>> shown("postgresql://me:secret@db.example:5433/books?sslpassword=x")
    'postgresql://db.example:5433/books'
    >>> shown("postgresql://me:12/34@db.example/books")
    'postgresql://'
    """
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
        if parts.query:
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return "postgresql://"
    # A bare "/" or "#" in a password ends the server's part there, and what follows is secret.
    if "@" in parts.path or parts.fragment:
        return "postgresql://"
    return f"postgresql://{parts.hostname or ''}{port}{parts.path}"


def place_of(address: str) -> str:
    """Returns the name of a database: server, port and database, without user and password.

    >>> place_of("postgresql://me:secret@/books?host=/run/postgresql&sslpassword=x")
    'postgresql:///books?host=/run/postgresql'
    """
    query = address.partition("?")[2]
    servers = [server for name, server in parse_qsl(query) if name == "host"]
    return shown(address) + (f"?host={servers[0]}" if servers else "")


class SharedStore:
    """Holds an open database of documents. One thread at a time; close it."""

    def __init__(self, address: str, *, create: bool = False) -> None:
        """Connects. Raises DocumentError where it cannot, or where no document was ever added."""
        self._address = address
        self._db = self._connected()
        try:
            with self._errors():
                self._prepare(create)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Ends the connection."""
        self._db.close()

    def _connected(self) -> Connection:
        try:
            import psycopg
        except ImportError as error:
            raise DocumentError(
                f"{shown(self._address)}: found no driver of PostgreSQL; expected it: "
                f"{pip_install('scale')}"
            ) from error
        rest = self._address.partition("://")[2]
        try:
            return psycopg.connect(
                f"postgresql://{rest}",
                autocommit=True,
                connect_timeout=CONNECT_S,
                tcp_user_timeout=10_000,
                application_name="tiergate-documents",
            )
        except psycopg.Error as error:
            raise self._fault(error) from None  # its words may repeat the password

    def _fault(self, error: Exception) -> DocumentError:
        state = getattr(error, "sqlstate", None)
        kind = type(error).__name__ + (f", SQLSTATE {state}" if state else "")
        return DocumentError(
            f"{shown(self._address)}: found a database that does not answer as it should ({kind}); "
            "expected one that runs, and a user who may write there"
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            raise self._fault(error) from None

    def _prepare(self, create: bool) -> None:
        row = self._db.execute("SELECT to_regclass('tiergate_documents_meta')::text").fetchone()
        if (row is None or row[0] is None) and create:
            with self._db.transaction():
                self._db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                for statement in _TABLES:
                    self._db.execute(statement)
                first = {"version": VERSION, "generation": "0", "id": uuid.uuid4().hex}
                for name, value in first.items():
                    self._db.execute(
                        "INSERT INTO tiergate_documents_meta VALUES (%s, %s) ON CONFLICT DO"
                        " NOTHING",
                        (name, value),
                    )
        elif row is None or row[0] is None:
            raise DocumentError(
                f"{shown(self._address)}: found no documents; expected some: `tiergate knowledge "
                "add FOLDER --documents ADDRESS` puts them there"
            )
        version = self.meta("version")
        if version != VERSION:
            raise DocumentError(
                f"{shown(self._address)}: found documents of version {version}; expected version "
                f"{VERSION}: use the Tiergate that wrote them, or another database"
            )

    def meta(self, name: str) -> str | None:
        """Returns a noted value, None without one."""
        with self._errors():
            row = self._db.execute(
                "SELECT value FROM tiergate_documents_meta WHERE name = %s", (name,)
            ).fetchone()
        return None if row is None else str(row[0])

    def note(self, name: str, value: str) -> None:
        """Notes a value."""
        with self._errors():
            self._db.execute(
                "INSERT INTO tiergate_documents_meta VALUES (%s, %s)"
                " ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value",
                (name, value),
            )

    def generation(self) -> tuple[int, str]:
        """Returns how many writes there were, and the id of the database, by one query."""
        with self._errors():
            rows = self._db.execute(
                "SELECT name, value FROM tiergate_documents_meta WHERE name IN ('generation', 'id')"
            ).fetchall()
        noted = {str(name): str(value) for name, value in rows}
        return int(noted.get("generation") or 0), noted.get("id") or ""

    def documents(self, tenant: str | None = None, collection: str | None = None) -> list[Document]:
        """Returns the documents of a tenant and a collection (None: of all), by source."""
        with self._errors():
            rows = self._db.execute(
                f"SELECT {_FACTS}, chunk_count, id FROM tiergate_documents WHERE chunks IS NOT NULL"
                " AND (%(tenant)s::text IS NULL OR tenant = %(tenant)s)"
                " AND (%(collection)s::text IS NULL OR collection = %(collection)s)"
                ' ORDER BY tenant COLLATE "C", collection COLLATE "C", source COLLATE "C"',
                {"tenant": tenant, "collection": collection},
            ).fetchall()
        return [Document(*row) for row in rows]

    def put(
        self, document: Document, chunks: Sequence[Chunk], vectors: Sequence[bytes | None]
    ) -> None:
        """Keeps a document in place of an older one of the same source."""
        kept = [
            Kept(chunk.text, chunk.section, chunk.page, vector)
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        values = (
            document.tenant, document.collection, document.source, document.title, document.label,
            document.digest, document.size, document.modified_ms, document.valid_from,
            document.valid_until,
        )  # fmt: skip
        # PostgreSQL keeps no NUL in a text; a title is all that a file may put one into.
        clean = [value.replace("\0", "") if isinstance(value, str) else value for value in values]
        with self._errors(), self._db.transaction():
            changed = self._counted()
            self._db.execute(
                f"INSERT INTO tiergate_documents ({_FACTS}, chunk_count, changed, chunks)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (tenant, collection, source) DO UPDATE SET title = EXCLUDED.title,"
                " label = EXCLUDED.label, digest = EXCLUDED.digest, bytes = EXCLUDED.bytes,"
                " modified_ms = EXCLUDED.modified_ms, valid_from = EXCLUDED.valid_from,"
                " valid_until = EXCLUDED.valid_until, chunk_count = EXCLUDED.chunk_count,"
                " changed = EXCLUDED.changed, chunks = EXCLUDED.chunks",
                (*clean, len(kept), changed, msgspec.msgpack.encode(kept)),
            )

    def remove(self, document: Document) -> bool:
        """Removes a document with all its chunks; returns False where there was none."""
        key = (document.tenant, document.collection, document.source)
        with self._errors(), self._db.transaction():
            changed = self._counted()
            gone = self._db.execute(
                "UPDATE tiergate_documents SET chunks = NULL, title = '', digest = '',"
                " chunk_count = 0, changed = %s WHERE tenant = %s AND collection = %s AND"
                " source = %s AND chunks IS NOT NULL",
                (changed, *key),
            )
            return bool(gone.rowcount)

    def _counted(self) -> int:
        """Counts the generation up and returns it; holds its row until the transaction ends."""
        row = self._db.execute(
            "UPDATE tiergate_documents_meta SET value = (value::bigint + 1)::text"
            " WHERE name = 'generation' RETURNING value"
        ).fetchone()
        assert row is not None
        return int(row[0])

    def changed_after(self, generation: int) -> Iterator[Changed]:
        """Yields the documents that changed after a generation, in the order of their changes."""
        while True:
            with self._errors():
                rows = self._db.execute(
                    f"SELECT changed, chunks, {_FACTS} FROM tiergate_documents WHERE changed > %s"
                    f" ORDER BY changed LIMIT {READ_AT_ONCE}",
                    (generation,),
                ).fetchall()
            for changed, chunks, *facts in rows:
                kept = None if chunks is None else _DECODER.decode(bytes(chunks))
                yield Changed(changed, Document(*facts), kept)
                generation = changed
            if len(rows) < READ_AT_ONCE:
                return
