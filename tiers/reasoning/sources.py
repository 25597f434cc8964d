"""Finds the passages that a deliberation may cite as evidence, each with its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from router.types import Work
from tiers.steps import Passages


class Evidence(Struct, frozen=True):
    """Holds a passage that may be cited, with the place it comes from."""

    id: str
    text: str
    source: str


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
        """Returns the approved answers that share rare words with the question, best first."""
        return [Evidence(one.id, one.text, one.source) for one in self._passages.find(question)]
