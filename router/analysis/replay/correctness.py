"""Indexes what is known afterwards of answers: right or wrong, by request.

Feedback, reviews, labelled files and agreeing shadow answers all come in as `Correctness` values.
This module does not know their source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Correctness:
    """States if an answer was right; `answerer` "" means the answer that the client got."""

    request_id: str
    correct: bool
    answerer: str = ""
    outside: bool = False  # a stranger: no approved answer covers the request


@dataclass(slots=True)
class KnownCorrectness:
    """Keeps outcomes by request and answerer; a later one of an answer replaces the earlier."""

    wrong: dict[tuple[str, str], float] = field(default_factory=dict)
    by_request: Counter[str] = field(default_factory=Counter)
    outside: set[str] = field(default_factory=set)  # requests that no approved answer covers

    @classmethod
    def of(cls, outcomes: Iterable[Correctness]) -> KnownCorrectness:
        """Indexes all of these outcomes."""
        known = cls()
        for outcome in outcomes:
            # Counts each answer once, however often its outcome was corrected.
            known.by_request[outcome.request_id] += (
                outcome.request_id,
                outcome.answerer,
            ) not in known.wrong
            known.wrong[outcome.request_id, outcome.answerer] = 0.0 if outcome.correct else 1.0
            if outcome.outside:
                known.outside.add(outcome.request_id)
        return known

    def __bool__(self) -> bool:
        return bool(self.wrong)

    def of_unknown(self, answerers: Collection[str]) -> Counter[str]:
        """Returns how many outcomes name an answerer that is none of these, by its name."""
        named = Counter(answerer for _, answerer in self.wrong if answerer)
        return Counter({name: named[name] for name in named.keys() - set(answerers)})

    def given(self, request_id: str, answerer: str) -> float | None:
        """Returns 1.0 where the answer that the client got, by this answerer, was wrong; None:
        unknown.
        """
        own = self.wrong.get((request_id, ""))
        # An outcome without a name is about the answer that went out, whoever gave it.
        return self.wrong.get((request_id, answerer)) if own is None else own

    def other(self, request_id: str, answerer: str) -> float | None:
        """Returns the same for an answerer whose answer the client did not get."""
        return self.wrong.get((request_id, answerer))
