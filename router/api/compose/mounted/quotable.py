"""Searches documents before a request is decided, for policies that ask for it (`search_first`).

Before a search nobody knows if the documents hold an answer, so a quotation would stand behind each
approved answer, right or wrong. With it, both have a chance of their own.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from router.api.compose.document_search import DocumentService
from router.errors import AnswererError, Overloaded
from router.policy.schema import DocumentsAnswerer, Policy
from router.types import ChatRequest, Identity, Rights

SLOPE, SHIFT = 1.17, -1.47
"""Turn the chance that a passage helps, in log-odds, into the chance that its quotation answers.
Fitted on the 38 questions of `policies/documents/questions.jsonl` over their files, and on 600 of
an IT help desk, which have no answer there and count as 318: as many as its `ability` rests on.
A passage at .95 answers with .88, one at .6 with .27."""

MOST_CERTAIN = 0.95

Quotable = Callable[[ChatRequest, Identity], Awaitable[float | None]]


def quotable_of(policy: Policy, service: DocumentService | None) -> Quotable | None:
    """Returns what tells the chance of a quotation; None for a policy that does not ask for it."""
    sections = [answerer for _, answerer in policy.rungs()]
    first = [a for a in sections if isinstance(a, DocumentsAnswerer) and a.search_first]
    documents = policy.documents
    if not first or documents is None or service is None:
        return None
    quote_at = first[0].quote_at
    collections, labels = frozenset(documents.collections), frozenset(documents.access)

    async def quotable(request: ChatRequest, identity: Identity) -> float | None:
        if service.is_empty or request.is_for_tools or request.sampling.n > 1:
            return None
        if request.response_format.kind != "text":
            return None
        from tiers.citing.document_context import asked_in

        rights = Rights(identity.tenant, collections, labels, identity.key_id)
        # An upstream's vector costs money, which an undecided request must not spend.
        by_words = documents.embedder is not None
        try:
            result = await service.find(asked_in(request), rights, 1, by_words=by_words)
        except (AnswererError, Overloaded):
            return None  # the answerer will say so, if it is asked; others need no documents
        if not result.passages or result.passages[0].p < quote_at:
            return None
        return calibrated(result.passages[0].p)

    return quotable


def calibrated(p: float) -> float:
    """Returns the chance that the quotation of a passage with this chance is right.

    >>> round(calibrated(0.95), 2), round(calibrated(0.6), 2)
    (0.88, 0.27)
    """
    odds = math.log(p / (1.0 - p)) if 0.0 < p < 1.0 else math.copysign(30.0, p - 0.5)
    return min(MOST_CERTAIN, 1.0 / (1.0 + math.exp(-(SLOPE * odds + SHIFT))))
