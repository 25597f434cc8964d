"""Describes passages of an operator's own documents, and the Protocol of their search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

EVERYBODY = "*"
"""Names the tenant whose collections all tenants may read."""


APPROVED_ANSWERS = "approved answers"
"""Stands in the place of a collection: a source of a knowledge file, by its id."""


class Rights(Struct, frozen=True):
    """Says which documents a caller may read. Every query names them."""

    tenant: str
    collections: frozenset[str]
    labels: frozenset[str] = frozenset()  # of access, beyond documents without any
    key_id: str = ""  # who pays for the question's vector, where an upstream makes it


class DocumentPassage(Struct, frozen=True):
    """Holds one piece of a document that may be cited."""

    id: str  # the same as long as source, page and text are
    text: str
    title: str
    source: str  # the file, relative to the folder that was added
    collection: str
    section: str = ""
    page: int = 0  # 1-based; 0: the format has no pages
    p: float = 0.0  # the chance that it helps with the question

    @property
    def place(self) -> str:
        """Returns where the passage stands, as people read it: `returns.pdf, page 3`."""
        if self.page:
            return f"{self.source}, page {self.page}"
        return f"{self.source}, {self.section}" if self.section else self.source

    @property
    def words(self) -> str:
        """Returns all that the passage says: its headings too."""
        headings = ". ".join(filter(None, (self.title, self.section)))
        return f"{headings}.\n{self.text}" if headings else self.text


class SourceNote(Struct, frozen=True):
    """Names a passage or an approved answer that a reply was given: what the ledger keeps of it."""

    id: str
    collection: str
    place: str
    cited: bool = False  # False: it was shown, and the answer does not use it


class SearchResult(Struct, frozen=True):
    """Holds what a search found, best first."""

    passages: tuple[DocumentPassage, ...]
    notes: tuple[str, ...] = ()  # what was unusual: words alone, a row that may not be shown


class DocumentSearch(Protocol):
    """Finds passages, and holds sentences against them.

    Both raise errors.AnswererNotReady where the store cannot be read, and errors.Overloaded.
    """

    async def find(self, question: str, rights: Rights, limit: int) -> SearchResult:
        """Returns the passages that fit best, best first, of those that the rights allow."""
        ...

    async def support(
        self, sentences: Sequence[str], sources: Sequence[str]
    ) -> tuple[tuple[float, ...], ...]:
        """Returns the chance that each source bears each sentence out, (sentences, sources)."""
        ...
