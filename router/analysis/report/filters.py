"""Chooses the requests of a report or an export: by tag, key, session, domain, type and
endpoint.

It is pure. Several names of one kind mean any of them; of several kinds each must fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from router.ledger.row_reading import RECONCILE, row_names
from router.types import RequestRow, TrueOutcome


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Lists what a request must have; an empty set requires nothing."""

    tags: frozenset[str] = frozenset()
    key_ids: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    request_types: frozenset[str] = frozenset()
    endpoints: frozenset[str] = frozenset()
    sessions: frozenset[str] | None = None  # keyed digests of their names; None: any or no session

    @property
    def everything(self) -> bool:
        """Returns True when each request fits."""
        return self == RequestFilter()

    def fits(self, row: RequestRow) -> bool:
        """Returns True when the request is chosen."""
        if self.tags and self.tags.isdisjoint(row.tags):
            return False
        if self.key_ids and row.key_id not in self.key_ids:
            return False
        if self.endpoints and row.endpoint not in self.endpoints:
            return False
        if self.sessions is not None and row.session_digest not in self.sessions:
            return False
        if not (self.domains or self.request_types):
            return True
        # Domain and type need the row's record parsed, so they come last.
        domain, request_type = row_names(row)
        return (not self.domains or domain in self.domains) and (
            not self.request_types or request_type in self.request_types
        )

    def settled(self, rows: Iterable[RequestRow]) -> Iterator[RequestRow]:
        """Yields the rows of unknown cost that fit, where the bills that settled them do too.

        Bills have an endpoint of their own, so a choice of endpoints may leave their money out.
        """
        billed = not self.endpoints or RECONCILE in self.endpoints
        return self.of(rows) if billed else iter(())

    def bills(self, pairs: Iterable[tuple[RequestRow, RequestRow]]) -> Iterator[RequestRow]:
        """Yields the bills of the rows that fit, of pairs of a row and its bill."""
        return (bill for row, bill in pairs if self.fits(row))

    def of(self, rows: Iterable[RequestRow]) -> Iterator[RequestRow]:
        """Yields the rows that fit."""
        return (row for row in rows if self.fits(row))


@dataclass(slots=True)
class ChosenOutcomes:
    """Holds the outcomes of the chosen requests; complete once all rows went through `rows`."""

    choice: RequestFilter
    outcomes: tuple[TrueOutcome, ...]
    _judged: set[str] = field(init=False)
    _chosen: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._judged = {outcome.request_id for outcome in self.outcomes}
        self._chosen = set()

    def rows(self, rows: Iterable[RequestRow]) -> Iterator[RequestRow]:
        """Yields the rows that fit, and keeps the ids of those that somebody judged."""
        for row in self.choice.of(rows):
            # Only judged ids are kept, so memory does not grow with the rows.
            if row.request_id in self._judged:
                self._chosen.add(row.request_id)
            yield row

    def __iter__(self) -> Iterator[TrueOutcome]:
        return (outcome for outcome in self.outcomes if outcome.request_id in self._chosen)
