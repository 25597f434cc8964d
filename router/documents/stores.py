"""Opens a store of documents by its address: an SQLite file, or a database of PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from router.documents.index.search import Encoder, Index
from router.documents.index.store import Document, Store
from router.documents.pieces import Chunk
from router.documents.shared.store import SharedStore, is_shared


class DocumentStore(Protocol):
    """Describes what adds, lists and removes documents."""

    def documents(
        self, tenant: str | None = None, collection: str | None = None
    ) -> list[Document]: ...

    def put(
        self, document: Document, chunks: Sequence[Chunk], vectors: Sequence[bytes | None]
    ) -> None: ...

    def remove(self, document: Document) -> bool: ...

    def meta(self, name: str) -> str | None: ...

    def note(self, name: str, value: str) -> None: ...

    def close(self) -> None: ...


def open_store(address: str, *, create: bool = False) -> DocumentStore:
    """Returns the open store. Raises DocumentError where there is none and none is to be made."""
    if is_shared(address):
        return SharedStore(address, create=create)
    return Store(Path(address), create=create)


def open_index(address: str, encoder: Encoder | None = None, version: str = "") -> Index:
    """Returns a search over a file, or over this machine's copy of shared documents, refreshed.

    Raises DocumentError.
    """
    if not is_shared(address):
        return Index(Path(address), encoder, version)
    from router.documents.shared.copy import SharedCopy

    copy = SharedCopy(address)
    try:
        copy.refresh()
    finally:
        copy.close()
    return Index(copy.path, encoder, version)
