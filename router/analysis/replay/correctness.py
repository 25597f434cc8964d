"""What is known of answers afterwards: right or wrong, by request. Knows nothing of where from.

Feedback, reviews, labelled files and agreeing shadow answers all come in as `Correctness` values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Correctness:
    """Whether an answer to this request was right; `answerer` "": the one that the client got."""

    request_id: str
    correct: bool
    answerer: str = ""


@dataclass(slots=True)
class KnownCorrectness:
    """By request and answerer; a later one of the same answer replaces the earlier."""

    wrong: dict[tuple[str, str], float] = field(default_factory=dict)
    by_request: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, outcomes: Iterable[Correctness]) -> KnownCorrectness:
        """All of these, indexed."""
        found = cls()
        for one in outcomes:
            found.by_request[one.request_id] += (one.request_id, one.answerer) not in found.wrong
            found.wrong[one.request_id, one.answerer] = 0.0 if one.correct else 1.0
        return found

    def __bool__(self) -> bool:
        return bool(self.wrong)

    def given(self, request_id: str, answerer: str) -> float | None:
        """1.0 where the answer that the client got, by this answerer, was wrong; None: unknown."""
        own = self.wrong.get((request_id, ""))
        return self.wrong.get((request_id, answerer)) if own is None else own

    def other(self, request_id: str, answerer: str) -> float | None:
        """As `given`, of an answerer whose answer the client did not get."""
        return self.wrong.get((request_id, answerer))
