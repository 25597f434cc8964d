"""Opens the ledger for `tiergate ledger`, `keys`, `review` and `report`.

It belongs to the composition root: the command line opens no database itself. It works while
servers run, and claims a writer's slot only to reconcile and to book a review.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from router.api.compose.clock import SystemClock
from router.api.compose.text_keys import text_keys
from router.errors import LedgerCorrupt, LedgerUnavailable
from router.ledger.aggregates import Kind
from router.ledger.books import extent, overview
from router.ledger.books.closed_months import ClosedMonth, close_month, closed_months
from router.ledger.books.moving import copy_into
from router.ledger.books.purge import purge
from router.ledger.books.reconcile import (
    Refusal,
    Settlement,
    UnknownCall,
    choose,
    correctable,
    correction,
    explained,
    unknown_calls,
)
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import Verification, verify
from router.ledger.hash_chain import ChainRow
from router.ledger.past_request import PastRequest
from router.ledger.rollups import stored
from router.ledger.rollups.reading import Portion, portion, purged
from router.ledger.rollups.settled import Bills, bills_after, bills_of_before, settled_later
from router.ledger.sql import reading
from router.ledger.sql.address import Address
from router.ledger.sql.database import Database
from router.ledger.tables import policies
from router.ledger.tables.feedback import SqlFeedback, outcomes, stated_outcomes
from router.ledger.tables.keys import CreatedKey, KeyInfo, SqlKeyStore
from router.ledger.tables.past_requests import past_requests
from router.ledger.tables.reviews import SqlReviewQueue, failed_waits, waits
from router.ledger.tables.shadows import judged_pairs
from router.ledger.tables.subjects import PrivacyFigures, Subjects, SubjectTexts, privacy_figures
from router.ledger.tables.tenant_secrets import TenantSecrets
from router.ledger.tables.texts import Erased, TextStore
from router.money.budgets import WindowKind, window_start
from router.privacy.digest import digest
from router.privacy.encryption import NO_KEYS, TextKeys
from router.request.review_verdicts import Judgement, MinutePriceOf, Reviewer
from router.types import (
    BudgetWindow,
    Feedback,
    Heard,
    KeptPolicy,
    PairNote,
    RequestRow,
    ReviewCase,
    ReviewItem,
    TextKind,
    TrueOutcome,
)
from router.wire.hints import short_session

if TYPE_CHECKING:
    from router.api.compose.answerers.told import ToldBook

__all__ = [
    "Address",
    "Books",
    "ClosedMonth",
    "CreatedKey",
    "KeyInfo",
    "Refusal",
    "Settlement",
    "SubjectTexts",
    "UnknownCall",
]

FOLD_AT_ONCE = 2_000  # no request waits for the interpreter here, so larger pages are cheaper


class Books:
    """Holds one ledger, opened for administration; a context manager."""

    def __init__(
        self, place: str | Path, database: Database, clock: SystemClock, texts: TextKeys = NO_KEYS
    ) -> None:
        """Takes an open database; use `open` instead."""
        self._place, self._database, self._clock = place, database, clock
        self.keys = SqlKeyStore(database, clock)
        self._feedback = SqlFeedback(
            database,
            clock=clock,
            key_of=TenantSecrets(database, clock).key_now,
            chained=self._chained,
            keys=texts,
        )
        self._reviews = SqlReviewQueue(database, clock=clock, feedback=self._feedback, keys=texts)
        # Most commands only read, so the writer is opened when one needs it.
        self._ledger: SqlLedger | None = None

    @classmethod
    def open(
        cls,
        database: str | Path,
        *,
        create: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> Books:
        """Opens the ledger at this address, with the keys of sealed texts in `environ`.

        Raises LedgerError when there is none, unless `create`.
        """
        address = Address.parse(database)
        if create:
            address.make_folder()
        keys = text_keys(environ or {})
        return cls(database, Database.open(database, create=create), SystemClock(), keys)

    def __enter__(self) -> Books:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()
        # The error of a later query does not name the database either.
        if isinstance(error, LedgerCorrupt | LedgerUnavailable):
            shown = Address.parse(self._place).shown
            raise type(error)(f"{shown}: {error.message}") from error

    def copy_to(self, database: str | Path) -> int:
        """Copies the ledger into an empty database; returns the number of rows."""
        return copy_into(self._database, database)

    def erase(self, tenant: str) -> Erased:
        """Deletes a tenant's texts and digest key. Raises LedgerError."""
        return TextStore(self._database, self._clock).erase(tenant)

    def subjects(self, environ: Mapping[str, str]) -> Subjects:
        """Returns what finds and erases texts about a person. Raises LedgerUnavailable."""
        keys = text_keys(environ)
        key_of = TenantSecrets(self._database, self._clock).key_now
        return Subjects(self._database, self._clock, keys, self._feedback, key_of)

    def budget_windows(self, now_ms: int) -> Sequence[BudgetWindow]:
        """Returns what is spent in the windows that run now. Raises LedgerError."""
        starts = {kind.value: window_start(kind, now_ms) for kind in WindowKind}
        return overview.budget_windows(self._database, starts, None)

    def privacy_figures(self) -> PrivacyFigures:
        """Returns counts for an auditor; no text. Raises LedgerError."""
        return privacy_figures(self._database)

    def policy_texts(self) -> list[str]:
        """Returns the file of every policy that decided a request. Raises LedgerError."""
        return [kept.content for kept in self.kept_policies()]

    def kept_policies(self) -> list[KeptPolicy]:
        """Returns every policy that decided a request, latest first. Raises LedgerError."""
        return policies.kept_policies(self._database)

    def kept_policy(self, policy_hash: str) -> KeptPolicy | None:
        """Returns the policy with this hash, None if it was not kept. Raises LedgerError."""
        return policies.kept_policy(self._database, policy_hash)

    def policy_text(self, policy_hash: str) -> str | None:
        """Returns the file of the policy with this hash, None without one. Raises LedgerError."""
        return policies.policy_content(self._database, policy_hash)

    def purged(self, since_ms: int | None, until_ms: int | None, tenant: str | None) -> int:
        """Returns the number of requests of days in [since, until) whose rows are no longer kept.

        Raises LedgerError.
        """
        return purged(self._database, since_ms, until_ms, tenant)

    def endpoints(self) -> frozenset[str]:
        """Returns the endpoints of which the roll-ups have requests. Raises LedgerError."""
        with self._database.reading() as connection:
            return stored.names(connection, Kind.ENDPOINT)

    def key_names(self) -> dict[str, str]:
        """Returns the names of all keys by their ids, revoked ones too. Raises LedgerError."""
        return {key.key_id: key.name for key in self.keys.list()}

    def session_digests(self, names: Iterable[str]) -> frozenset[str]:
        """Returns the digests of these sessions under each tenant's key. Raises LedgerError.

        A client's header names a session, at full length or cut as the wire does it.
        """
        keys = TenantSecrets(self._database, self._clock).keys_now()
        return frozenset(digest(key, short_session(name)) for key in keys for name in names)

    def any_key(self) -> bool:
        """Returns True when there is a key that is not revoked. Raises LedgerError."""
        return self.keys.any_in_use()

    def rows(
        self, since_ms: int | None, until_ms: int | None, tenant: str | None
    ) -> Iterator[RequestRow]:
        """Yields requests created in [since, until), oldest first. Raises LedgerError."""
        return reading.rows(self._database, since_ms=since_ms, until_ms=until_ms, tenant=tenant)

    def any_open(self, since_ms: int, until_ms: int) -> bool:
        """Returns True while a request created in [since, until) is open. Raises LedgerError."""
        with self._database.reading() as connection:
            return reading.any_open(connection, since_ms, until_ms)

    def past_requests(
        self,
        since_ms: int | None,
        until_ms: int | None,
        tenant: str | None,
        environ: Mapping[str, str],
    ) -> Iterator[PastRequest]:
        """Yields finished requests with all that was told of them, oldest first.

        Sealed texts are opened by the keys of the environment. Raises LedgerError.
        """
        keys, now_ms = text_keys(environ), self._clock.now_ms()
        return past_requests(self._database, keys, now_ms, since_ms, until_ms, tenant)

    def portion(
        self, since_ms: int | None, until_ms: int | None, tenant: str | None, *, by_day: bool
    ) -> Portion:
        """Returns roll-ups and rows of requests created in [since, until), for a report.

        `by_day` leaves out the roll-ups of quarter hours. Raises LedgerError.
        """
        kinds = [kind for kind in Kind if kind is not Kind.TIME or not by_day]
        return portion(self._database, since_ms, until_ms, tenant, kinds)

    def waits(
        self, since_ms: int | None, until_ms: int | None, tenant: str | None
    ) -> frozenset[str]:
        """Returns requests of [since, until) whose matter waits for a person."""
        return waits(self._database, since_ms, until_ms, tenant)

    def failed_waits(self, since_ms: int | None, until_ms: int | None, tenant: str | None) -> int:
        """Counts those of them whose requests failed."""
        return failed_waits(self._database, since_ms, until_ms, tenant)

    def bills(self, since_ms: int | None, until_ms: int | None, tenant: str | None) -> Bills:
        """Returns what `Bills` holds of this time. Raises LedgerError."""
        period = self._database, since_ms, until_ms, tenant
        return settled_later(*period), bills_after(*period), bills_of_before(*period)

    def unfolded(self) -> int:
        """Returns the number of finished rows that are in no roll-up yet. Raises LedgerError."""
        with self._database.reading() as connection:
            return stored.unfolded(connection)

    def fold(self) -> int:
        """Adds those rows to the roll-ups and returns their number; blocks. Raises LedgerError."""
        return stored.catch_up(self._database, rows_at_once=FOLD_AT_ONCE)

    def span(self) -> tuple[int, int] | None:
        """Returns the times of the first and last request, purged ones too; None without any."""
        return extent.span(self._database)

    def tenants(self) -> frozenset[str]:
        """Returns the tenants of whom the ledger has anything. Raises LedgerError."""
        return extent.tenants(self._database)

    def has_requests(self, tenant: str) -> bool:
        """Returns True where a request of this tenant is kept. Raises LedgerError."""
        return extent.has_requests(self._database, tenant)

    def row(self, request_id: str) -> RequestRow | None:
        """Returns one request with its attempts, None when it is unknown. Raises LedgerError."""
        return reading.get(self._database, request_id, None)

    def chain_row(self, request_id: str) -> ChainRow | None:
        """Returns a finished request with its place in the chain. Raises LedgerError."""
        return reading.chain_row(self._database, request_id)

    def kept_text(self, request_id: str, kind: TextKind) -> str | None:
        """Returns a stored text of a request; None when it is not kept. Raises LedgerError."""
        return TextStore(self._database, self._clock).kept(request_id, None, kind)

    def prompts_of(self, request_ids: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
        """Returns the stored prompts of these requests, by id; those that are not kept are missing.

        Sealed texts are opened by the keys of the environment. Raises LedgerError.
        """
        texts = TextStore(self._database, self._clock, text_keys(environ))
        kept = ((one, texts.kept(one, None, "prompt")) for one in request_ids)
        return {request_id: text for request_id, text in kept if text}

    def digest(self, tenant: str, text: str) -> str:
        """Returns the digest of a text under its tenant's key. Raises LedgerError."""
        return digest(TenantSecrets(self._database, self._clock).key_now(tenant), text)

    def hear(self, feedback: Feedback) -> bool:
        """Adds a word; returns False for a repeat. Raises FeedbackRefused, LedgerError."""
        return self._feedback.add_now(feedback)[1]

    def verify(self, anchors: Path | None) -> Verification:
        """Returns the result of verifying that the ledger is complete. Raises LedgerError."""
        return verify(self._database, anchors)

    def purge(self, before_ms: int, anchors: Path | None) -> int:
        """Deletes finished requests created before `before_ms`; returns their number.

        Raises LedgerError.
        """
        return purge(self._database, before_ms, self._clock.now_ms(), anchors)

    def closed_months(self) -> list[ClosedMonth]:
        """Returns closed months, oldest first. Raises LedgerError."""
        return closed_months(self._database)

    def close_month(self, since_ms: int) -> list[ClosedMonth]:
        """Closes the month that begins then and those before it. Raises LedgerError."""
        return close_month(self._database, since_ms, self._clock.now_ms())

    def unknown_calls(self, tenant: str | None) -> list[UnknownCall]:
        """Returns unsettled calls of unknown or estimated cost, oldest first.

        Raises LedgerError.
        """
        return unknown_calls(self._database, tenant)

    def reconcile(
        self,
        amounts: Mapping[str, int],
        anchors: Path | None,
        *,
        by_upstream: bool,
        rounding: Mapping[str, int] | None = None,
    ) -> tuple[list[Settlement], list[Refusal]]:
        """Books the billed amounts of such calls, nano-dollars by attempt id or upstream id.

        By attempt, all amounts or none are booked. From a bill, every amount that fits is booked,
        since most lines belong to calls that are settled. With `rounding` known costs are corrected
        too (`correctable`). It holds a writer's slot while it works, and first closes the requests
        that dead workers left open. Raises LedgerError.
        """
        # A correction settles an old cost, so no budget may refuse it.
        ledger = SqlLedger.open(
            self._place, clock=self._clock, budget_of=lambda _tenant: None, anchors_file=anchors
        )
        try:
            calls = correctable(self._database, amounts, rounding, by_upstream=by_upstream)
            settled, refused = choose(calls, amounts, by_upstream=by_upstream)
            refused = explained(self._database, refused, by_upstream=by_upstream)
            if by_upstream or not refused:
                asyncio.run(self._book(ledger, settled))
            return settled, refused
        finally:
            ledger.close_now()

    async def _book(self, ledger: SqlLedger, settled: Sequence[Settlement]) -> None:
        now_ms = self._clock.now_ms()
        for settlement in settled:
            # A correction is a row of its own: rows that are written never change.
            await ledger.finish(correction(self._database, settlement, now_ms))

    def reviews(self, tenant: str | None) -> Sequence[ReviewItem]:
        """Returns pending review items, the most urgent first. Raises LedgerError."""
        return asyncio.run(self._reviews.list(tenant))

    def ask(self, items: Iterable[ReviewItem]) -> None:
        """Puts items into the queue of reviews; one that is there stays. Raises LedgerError."""

        async def added() -> None:
            for item in items:
                await self._reviews.add(item)

        asyncio.run(added())

    def review(self, review_id: str) -> ReviewCase | None:
        """Returns one review with its kept texts, decided ones too. Raises LedgerError."""
        return asyncio.run(self._reviews.case(review_id, None))

    def heard(self, request_id: str) -> Sequence[Heard]:
        """Returns each source's present feedback on one request. Raises LedgerError."""
        return self._feedback.of_now(request_id)

    def outcomes(
        self, since_ms: int | None, until_ms: int | None, tenant: str | None
    ) -> Iterator[TrueOutcome]:
        """Yields the outcomes of requests created in [since, until). Raises LedgerError."""
        return outcomes(self._database, since_ms=since_ms, until_ms=until_ms, tenant=tenant)

    def pairs(
        self, since_ms: int | None, until_ms: int | None, tenant: str | None
    ) -> dict[str, PairNote]:
        """Returns the verdicts on shadows, by the shown request. Raises LedgerError."""
        return judged_pairs(self._database, since_ms, until_ms, tenant)

    def stated_outcomes(self) -> list[tuple[float, bool]]:
        """Returns the stated confidence of judged decisions, and if they were right.

        Raises LedgerError.
        """
        return stated_outcomes(outcomes(self._database))

    def told(self) -> ToldBook:
        """Returns what words move, and whose words were set aside."""
        # Other commands need neither policies nor their runtimes.
        from router.api.compose.answerers.told import ToldBook

        return ToldBook(self._database, self._clock)

    def decide(
        self, review_id: str, judgement: Judgement, price_of: MinutePriceOf, anchors: Path | None
    ) -> ReviewCase:
        """Records a verdict and books its minutes, while servers may run.

        Raises NotFound, ReviewConflict, LedgerError.
        """
        return asyncio.run(self._decide(review_id, judgement, price_of, anchors))

    async def _decide(
        self, review_id: str, judgement: Judgement, price_of: MinutePriceOf, anchors: Path | None
    ) -> ReviewCase:
        # The verdict and its minutes go into the chain, which only a writer may extend.
        self._ledger = ledger = SqlLedger.open(
            self._place,
            clock=self._clock,
            budget_of=lambda _tenant: None,
            anchors_file=anchors,
        )
        try:
            reviewer = Reviewer(self._reviews, ledger, price_of, self._clock)
            return await reviewer.decide(review_id, None, judgement)
        finally:
            self._ledger = None
            await ledger.close()

    def _chained(self) -> None:
        if self._ledger is not None:
            self._ledger.chained_beside()

    def resolve(self, review_id: str) -> bool:
        """Removes an item from the list; returns False when it is not on it. Raises LedgerError."""
        return asyncio.run(self._reviews.resolve(review_id, None))
