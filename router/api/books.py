"""The ledger beside the server: what `tiergate ledger`, `keys`, `review` and `report` work on.

Part of the composition root: the command line opens no database itself. It works while
servers run, and claims a writer's slot only to book a review.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from router.api.clock import SystemClock
from router.ledger import reading
from router.ledger.database import Database
from router.ledger.feedback import SqlFeedback, outcomes
from router.ledger.keys import KeyInfo, SqlKeyStore
from router.ledger.purge import purge
from router.ledger.reviews import SqlReviewQueue
from router.ledger.texts import Erased, TenantSecrets, TextStore
from router.ledger.verify import Verification, verify
from router.reviewing import Judgement, MinutePriceOf, Reviewer
from router.types import Heard, RequestRow, ReviewCase, ReviewItem, TrueOutcome

if TYPE_CHECKING:
    from router.ledger.store import SqlLedger

__all__ = ["Books", "KeyInfo"]


class Books:
    """One ledger, opened for administration; a context manager."""

    def __init__(self, database: Database, clock: SystemClock) -> None:
        """Use `open`."""
        self._database = database
        self._clock = clock
        self.keys = SqlKeyStore(database, clock)
        self._feedback = SqlFeedback(
            database,
            clock=clock,
            key_of=TenantSecrets(database, clock).key_now,
            chained=self._chained,
        )
        self._reviews = SqlReviewQueue(database, clock=clock, feedback=self._feedback)
        self._ledger: SqlLedger | None = None

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Books:
        """The ledger at `path`. Raises LedgerError when there is none, unless `create`."""
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        return cls(Database.open(path, create=create), SystemClock())

    def __enter__(self) -> Books:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()

    def erase(self, tenant: str) -> Erased:
        """Delete a tenant's texts and digest key. Raises LedgerError."""
        return TextStore(self._database, self._clock).erase(tenant)

    def prompts(
        self, since_ms: int | None, until_ms: int | None, tenant: str | None, limit: int
    ) -> list[tuple[str, str]]:
        """Request id and stored prompt, latest first; none where policies store no text.

        Raises LedgerError.
        """
        texts = TextStore(self._database, self._clock)
        return texts.prompts(since_ms, until_ms, tenant, limit)

    def any_key(self) -> bool:
        """Whether there is a key that is not revoked. Raises LedgerError."""
        return any(key.revoked_at_ms is None for key in self.keys.list())

    def rows(
        self, since_ms: int | None, until_ms: int | None, tenant: str | None
    ) -> Iterator[RequestRow]:
        """Requests created in [since, until), oldest first. Raises LedgerError."""
        return reading.rows(self._database, since_ms=since_ms, until_ms=until_ms, tenant=tenant)

    def row(self, request_id: str) -> RequestRow | None:
        """One request with its attempts, None when unknown. Raises LedgerError."""
        return reading.get(self._database, request_id, None)

    def verify(self, anchors: Path | None) -> Verification:
        """Whether the books are whole. Raises LedgerError."""
        return verify(self._database, anchors)

    def purge(self, before_ms: int, anchors: Path | None) -> int:
        """Drop finished requests created before `before_ms`; how many. Raises LedgerError."""
        return purge(self._database, before_ms, self._clock.now_ms(), anchors)

    def reviews(self, tenant: str | None) -> Sequence[ReviewItem]:
        """Pending review items, oldest first. Raises LedgerError."""
        return asyncio.run(self._reviews.list(tenant))

    def review(self, review_id: str) -> ReviewCase | None:
        """One matter with what is kept of it, decided ones too. Raises LedgerError."""
        return asyncio.run(self._reviews.case(review_id, None))

    def heard(self, request_id: str) -> Sequence[Heard]:
        """What each source says now of one request. Raises LedgerError."""
        return self._feedback.of_now(request_id)

    def outcomes(
        self, since_ms: int | None, until_ms: int | None, tenant: str | None
    ) -> Iterator[TrueOutcome]:
        """What came of requests created in [since, until). Raises LedgerError."""
        return outcomes(self._database, since_ms=since_ms, until_ms=until_ms, tenant=tenant)

    def decide(
        self, review_id: str, said: Judgement, price_of: MinutePriceOf, anchors: Path | None
    ) -> ReviewCase:
        """Take a verdict and book its minutes, beside servers that run.

        Raises NotFound, ReviewConflict, LedgerError.
        """
        return asyncio.run(self._decide(review_id, said, price_of, anchors))

    async def _decide(
        self, review_id: str, said: Judgement, price_of: MinutePriceOf, anchors: Path | None
    ) -> ReviewCase:
        from router.ledger.store import SqlLedger  # for this command alone

        self._ledger = ledger = SqlLedger.open(
            self._database.path,
            clock=self._clock,
            budget_of=lambda _tenant: None,
            anchors_file=anchors,
        )
        try:
            reviewer = Reviewer(self._reviews, ledger, price_of, self._clock)
            return await reviewer.decide(review_id, None, said)
        finally:
            self._ledger = None
            await ledger.close()

    def _chained(self) -> None:
        if self._ledger is not None:
            self._ledger.chained_beside()

    def resolve(self, review_id: str) -> bool:
        """Take an item off the list; False when it is not on it. Raises LedgerError."""
        return asyncio.run(self._reviews.resolve(review_id, None))
