"""Searches the store of documents off the event loop, for all policies of a process.

It belongs to the composition root. Nothing of it is loaded before the first question of a policy
with documents. Where there is no store yet, no passage is found; the next question looks again.
Documents that several machines share are searched in this machine's copy, which each search brings
up to date first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from router.errors import AnswererNotReady, DocumentError, Overloaded
from router.money.days import utc_day
from router.triage.triage_model import TriageModel
from router.types import NOBODY, Clock, Events, Rights, SearchResult, StoreTurned

if TYPE_CHECKING:
    from router.documents.index.matrix import Floats
    from router.documents.index.search import Index
    from router.documents.shared.copy import SharedCopy
    from router.documents.support import Supporter
    from router.specialists.booked_vectors import BookedVectors

MAX_WAITING = 64
"""Bounds the searches that wait for the one thread: a second's worth."""

T = TypeVar("T")


class DocumentService:
    """Implements `types.DocumentSearch` over one store; owns one thread from the first search."""

    def __init__(
        self, address: str, model: TriageModel | None, clock: Clock, events: Events = NOBODY
    ) -> None:
        """Takes the store's address, as `--documents` does."""
        self._address = address
        self._model = model
        self._clock = clock
        self._events = events
        self._copy: SharedCopy | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._index: Index | None = None
        self._supporter: Supporter | None = None
        self._waiting = 0
        self.booked: BookedVectors | None = None  # the app sets what asks upstreams for vectors
        self._silent: set[str] = set()  # embedders that gave no vector when last asked

    async def find(
        self,
        question: str,
        rights: Rights,
        limit: int,
        vector: Floats | None = None,
        *,
        by_words: bool = False,
    ) -> SearchResult:
        """Returns the passages that fit best, best first, of those that the rights allow.

        `vector` is the question's; None: by our encoder, unless words alone count. Raises
        AnswererNotReady where the store cannot be read, and Overloaded.
        """
        return await self._run(lambda: self._found(question, rights, limit, vector, by_words))

    @property
    def is_empty(self) -> bool:
        """Returns True as long as this machine has no store, by one look at the file."""
        from router.documents.shared.store import is_shared

        known = self._index is not None or is_shared(self._address)
        return not known and not Path(self._address).is_file()

    async def made_by(self) -> tuple[str, int]:
        """Returns who made the vectors of the store, and their width; ("", 0) without any.

        Raises AnswererNotReady, Overloaded.
        """
        return await self._run(lambda: ("", 0) if (index := self._opened()) is None
                               else index.vectors())  # fmt: skip

    def embedder_turned(self, name: str, fault: str) -> None:
        """Tells the log when an embedder stops to give vectors, and when it gives them again."""
        if bool(fault) != (name in self._silent):
            self._silent ^= {name}
            self._events.happened(StoreTurned("embedder", bool(fault), fault, name))

    async def support(
        self, sentences: Sequence[str], sources: Sequence[str]
    ) -> tuple[tuple[float, ...], ...]:
        """Returns the chance that each source bears each sentence out, (sentences, sources).

        Raises Overloaded.
        """
        return await self._run(lambda: self._supported(sentences, sources))

    def close(self) -> None:
        """Ends the thread and closes the store."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        for opened in (self._index, self._copy):
            if opened is not None:
                opened.close()
        self._index = self._copy = None

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= MAX_WAITING:
            raise Overloaded(
                f"{self._waiting} requests already wait for the search of documents; come back "
                "soon."
            )
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="documents")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except DocumentError as error:
            raise AnswererNotReady(error.message) from error
        finally:
            self._waiting -= 1

    def _found(
        self, question: str, rights: Rights, limit: int, vector: Floats | None, by_words: bool
    ) -> SearchResult:
        index = self._opened()
        if index is None:
            return SearchResult(())
        today = utc_day(self._clock.now_ms())
        passages = index.find(question, rights, limit, today, vector, by_words=by_words)
        return SearchResult(passages)

    def _opened(self) -> Index | None:
        """Returns the open index, None where there is no store yet."""
        path = self._file()
        if self._index is None and path.is_file():
            from router.documents.index.search import Index

            version = "" if self._model is None else self._model.vectors_version
            self._index = Index(path, self._model, version)
        return self._index

    def _file(self) -> Path:
        """Returns the file that is searched; raises DocumentError."""
        from router.documents.shared.store import is_shared

        if not is_shared(self._address):
            return Path(self._address)
        if self._copy is None:
            from router.documents.shared.copy import SharedCopy

            self._copy = SharedCopy(self._address, lost=self._turned)
        self._copy.refresh()
        return self._copy.path

    def _turned(self, fault: str) -> None:
        self._events.happened(StoreTurned("documents", bool(fault), fault))

    def _supported(
        self, sentences: Sequence[str], sources: Sequence[str]
    ) -> tuple[tuple[float, ...], ...]:
        if self._supporter is None:
            from router.documents.support import Supporter

            self._supporter = Supporter(self._model)
        return self._supporter.chances(sentences, sources)
