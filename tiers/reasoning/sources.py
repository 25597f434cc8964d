"""Finds the passages that a deliberation may cite as evidence, each with its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from router.errors import AnswererError
from router.types import DocumentPassage, SearchResult, SourceNote, Work
from tiers.steps import Passages


class Evidence(Struct, frozen=True):
    """Holds a passage that may be cited, with the place it comes from."""

    id: str
    text: str
    source: str
    note: SourceNote | None = None  # what the ledger keeps of a passage of documents
    words: str = ""  # all that such a passage says: its headings too


class Sources(Protocol):
    """Finds passages to cite. Raises nothing: without a source there are no passages."""

    async def find(self, question: str, work: Work) -> Sequence[Evidence]:
        """Returns the passages that fit best, of those that the caller may read."""
        ...


class ApprovedSources:
    """Finds passages among the approved answers of a policy, which all its callers may read."""

    def __init__(self, passages: Passages) -> None:
        self._passages = passages

    async def find(self, question: str, work: Work) -> Sequence[Evidence]:
        """Returns the approved answers that are likely, or share rare words with the question."""
        passages = self._passages.shown_for(question, work.signals.match)
        return [Evidence(passage.id, passage.text, passage.source) for passage in passages]


class Searched(Protocol):
    """Finds passages of documents under the rights of a request's caller."""

    async def passages(self, work: Work) -> SearchResult: ...


class DocumentSources:
    """Finds passages in an operator's own documents, under the rights of the caller.

    Their ids are short, `d1`, `d2`: a model copies them without error. The ledger keeps their own.
    """

    def __init__(self, documents: Searched) -> None:
        self._documents = documents

    async def find(self, question: str, work: Work) -> Sequence[Evidence]:
        """Returns the passages that fit the request best, best first."""
        try:
            passages = (await self._documents.passages(work)).passages
        except AnswererError:
            return ()  # the store is away: the decision cites what else there is
        return [
            Evidence(f"d{n}", passage.text, passage.place, _note(passage), passage.words)
            for n, passage in enumerate(passages, start=1)
        ]


class AllSources:
    """Finds passages in several places, in their order."""

    def __init__(self, places: Sequence[Sources]) -> None:
        self._places = tuple(places)

    async def find(self, question: str, work: Work) -> Sequence[Evidence]:
        """Returns the passages of all places."""
        by_place = [await place.find(question, work) for place in self._places]
        return [passage for passages in by_place for passage in passages]


def _note(passage: DocumentPassage) -> SourceNote:
    return SourceNote(passage.id, passage.collection, passage.place)
