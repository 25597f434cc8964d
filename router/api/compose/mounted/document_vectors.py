"""Searches documents by an upstream's vectors, for a policy that names an embedder for them.

The question's vector is a call of its own, held and booked. Where there is none, or the store has
vectors of another model, words alone are compared, and the decision says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from router.api.compose.document_search import DocumentService
from router.errors import AnswererError, DeadlineExceeded, RequestError, TiergateError
from router.money.model_redirects import FindRedirect, no_redirect
from router.policy.schema import Policy
from router.specialists.booked_vectors import VectorOrder
from router.types import Identity, OutsideVectors, Rights, Scope, SearchResult

if TYPE_CHECKING:
    from router.documents.index.matrix import Floats
    from router.policy.sections.answering.embedders import EmbedderSection

MOST_WAIT_S = 5.0
"""Bounds the wait for a question's vector: words alone find most passages, and at once."""
TAGS = ("documents",)


class OutsideSearch:
    """Implements `types.DocumentSearch` for one policy."""

    def __init__(
        self,
        service: DocumentService,
        policy: Policy,
        policy_hash: str,
        redirected: FindRedirect = no_redirect,
    ) -> None:
        """Takes a policy whose `documents` name an embedder; its checks say that there is one."""
        self._service = service
        self._policy, self._hash, self._redirected = policy, policy_hash, redirected

    async def find(self, question: str, rights: Rights, limit: int) -> SearchResult:
        """Returns the passages that fit best. Raises AnswererNotReady, Overloaded."""
        from router.documents.index.search import made_outside

        section = embedder_of(self._policy)
        assert section is not None
        assert self._policy.documents is not None
        wanted = made_outside(section.model, self._policy.documents.dimensions)
        made_by, width = await self._service.made_by()
        vector, note = None, ""
        if width and made_by != wanted:
            note = f"the store has vectors of {made_by or 'our encoder'}, not of {wanted}"
            self._service.embedder_turned(section.name, note)
        elif width and question.strip():
            vector, note = await self._vector(section, question, rights, width)
        search = await self._service.find(question, rights, limit, vector, by_words=bool(note))
        notes = (f"documents were searched by words alone: {note}",) if note else ()
        return SearchResult(search.passages, notes)

    async def support(
        self, sentences: Sequence[str], sources: Sequence[str]
    ) -> tuple[tuple[float, ...], ...]:
        """Returns the chance that each source bears each sentence out. Raises Overloaded."""
        return await self._service.support(sentences, sources)

    async def _vector(
        self, section: EmbedderSection, question: str, rights: Rights, width: int
    ) -> tuple[Floats | None, str]:
        """Returns the question's vector, or why there is none. Tells when the embedder turns."""
        try:
            vector = await self._asked(section, question, rights)
        except TiergateError as error:
            note = f"{section.name} gave no vector ({error.code})"
            # A budget, a rate, a full queue and the ledger say nothing about the embedder.
            if isinstance(error, AnswererError):
                self._service.embedder_turned(section.name, note)
            return None, note
        note = ""
        if len(vector) != width:
            note = f"{section.name} gave {len(vector)} numbers, the store has {width}"
        self._service.embedder_turned(section.name, note)
        return (None if note else vector), note

    async def _asked(self, section: EmbedderSection, question: str, rights: Rights) -> Floats:
        from router.documents.index.matrix import unit_vectors

        identity = Identity(rights.tenant, rights.key_id, frozenset({Scope.CHAT}))
        try:
            async with asyncio.timeout(MOST_WAIT_S):
                made = await vectors_of(
                    self._service,
                    self._policy,
                    self._hash,
                    identity,
                    question,
                    redirected=self._redirected,
                )
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"{section.name} gave no vector in {MOST_WAIT_S:g} s."
            ) from error
        vector: Floats = unit_vectors(made.vectors)[0]
        return vector


def embedder_of(policy: Policy) -> EmbedderSection | None:
    """Returns the embedder of a policy's documents; None for our own encoder."""
    documents = policy.documents
    if documents is None or documents.embedder is None:
        return None
    return policy.embedder(documents.embedder)


async def vectors_of(
    service: DocumentService,
    policy: Policy,
    policy_hash: str,
    identity: Identity,
    *texts: str,
    redirected: FindRedirect = no_redirect,
) -> OutsideVectors:
    """Returns vectors by the embedder of a policy's documents, booked.

    Raises RequestError without one, UpstreamError and its kin, Overloaded, BudgetExceeded,
    LedgerError.
    """
    section = embedder_of(policy)
    if section is None or policy.documents is None:
        raise RequestError(
            f"The policy {policy.name} names no embedder for its documents, which makes these "
            "vectors; expected `documents: {embedder: NAME}`, with that name under `embedders`."
        )
    assert service.booked is not None  # an app is built around every search
    dimensions = policy.documents.dimensions
    order = VectorOrder(
        policy,
        policy_hash,
        section,
        texts,
        dimensions,
        tags=TAGS,
        asked_by_client=False,
        redirected=redirected,
    )
    return (await service.booked.made(order, identity))[0]
