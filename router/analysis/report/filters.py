"""Which requests a report or an export is of: by tag, key, domain, request type and endpoint. Pure.

Several names of one kind mean any of them; of several kinds each must fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from router.ledger.row_reading import row_names
from router.types import RequestRow, TrueOutcome


@dataclass(frozen=True, slots=True)
class Choice:
    """Lists what a request must have; an empty set asks for nothing."""

    tags: frozenset[str] = frozenset()
    key_ids: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    request_types: frozenset[str] = frozenset()
    endpoints: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        """True when each request fits."""
        return self == Choice()

    def fits(self, row: RequestRow) -> bool:
        """True when the request is chosen."""
        if self.tags and self.tags.isdisjoint(row.tags):
            return False
        if self.key_ids and row.key_id not in self.key_ids:
            return False
        if self.endpoints and row.endpoint not in self.endpoints:
            return False
        if not (self.domains or self.request_types):
            return True
        domain, request_type = row_names(row)
        return (not self.domains or domain in self.domains) and (
            not self.request_types or request_type in self.request_types
        )

    def of(self, rows: Iterable[RequestRow]) -> Iterator[RequestRow]:
        """The rows that fit."""
        return (row for row in rows if self.fits(row))


@dataclass(slots=True)
class ChosenOutcomes:
    """Holds what came of the chosen requests: known once all rows went through `rows`."""

    choice: Choice
    outcomes: tuple[TrueOutcome, ...]
    _judged: set[str] = field(init=False)
    _chosen: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._judged = {one.request_id for one in self.outcomes}
        self._chosen = set()

    def rows(self, rows: Iterable[RequestRow]) -> Iterator[RequestRow]:
        """The rows that fit; keeps the ids of those that somebody judged."""
        for row in self.choice.of(rows):
            if row.request_id in self._judged:
                self._chosen.add(row.request_id)
            yield row

    def __iter__(self) -> Iterator[TrueOutcome]:
        return (one for one in self.outcomes if one.request_id in self._chosen)
