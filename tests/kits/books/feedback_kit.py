"""Opens a ledger with answered requests, feedback and a review desk, for tests of later events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from router.ledger.books.store import SqlLedger
from router.ledger.tables.feedback import SqlFeedback
from router.ledger.tables.reviews import SqlReviewQueue
from router.ledger.tables.tenant_secrets import TenantSecrets
from router.ledger.tables.texts import TextStore
from router.money.budgets import Budgets
from router.policy.schema import LimitSection
from router.request.review_verdicts import Reviewer
from router.types import Domain, Feedback, FeedbackSource, MinutePrice, ReviewItem
from tests.kits.books.empty_ledger import empty_ledger
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request
from tests.kits.changed import replace

A_DOLLAR = MinutePrice(10**9, "book@1 2026-11-01")


@dataclass
class Learning:
    """Holds the stores around the rows of a ledger."""

    path: Path | str
    clock: StandingClock
    ledger: SqlLedger
    feedback: SqlFeedback
    desk: SqlReviewQueue
    texts: TextStore
    price: MinutePrice | None = A_DOLLAR

    @property
    def reviewer(self) -> Reviewer:
        return Reviewer(self.desk, self.ledger, lambda _policy, _at_ms: self.price, self.clock)

    async def answered(self, name: str, *, tenant: str = "acme", store: str = "none") -> None:
        """Finishes a request whose policy stores texts as `store` says."""
        content = f"version: 1\nprivacy: {{store: {store}, retention_days: 10}}\n"
        await self.ledger.record_policy(f"stores-{store}", "default", content)
        row = request(name, attempt(name), tenant=tenant)
        await self.ledger.finish(replace(row, policy_hash=f"stores-{store}"))

    async def handed_over(self, name: str, *, tenant: str = "acme") -> str:
        """Adds a review of the request `name` that waits for a person; returns the review's id."""
        item = ReviewItem(f"rev_{name}", name, tenant, Domain.LEGAL, NOW_MS)
        await self.desk.add(item)
        return item.review_id


@asynccontextmanager
async def learning(
    folder: Path, address: str = "", limit: LimitSection | None = None
) -> AsyncIterator[Learning]:
    """Opens a ledger in `folder` or at an address, with its anchors there. Tests move its clock."""
    clock, path = StandingClock(), address or empty_ledger(folder / "ledger.db")
    ledger = SqlLedger.open(
        path,
        clock=clock,
        budget_of=Budgets({}, () if limit is None else (limit,)).money,
        anchors_file=folder / "anchors" if address else None,
    )
    # As the app wires them: feedback is sealed by the tenant's key and joins the ledger's chain.
    secrets = TenantSecrets(ledger.database, clock)
    feedback = SqlFeedback(
        ledger.database, clock=clock, key_of=secrets.key_now, chained=ledger.chained_beside
    )
    desk = SqlReviewQueue(ledger.database, clock=clock, feedback=feedback)
    texts = TextStore(ledger.database, clock)
    try:
        yield Learning(path, clock, ledger, feedback, desk, texts)
    finally:
        await ledger.close()


def said(name: str, **fields: object) -> Feedback:
    """Returns feedback of the client of acme about the request `name`."""
    return replace(Feedback(name, "acme", FeedbackSource.CLIENT, "key_1", NOW_MS), **fields)
