"""Puts files and batches together: their stores, endpoints and the runner of one process."""

from __future__ import annotations

from collections.abc import Callable

from router.api.batches.pace import Pace
from router.api.batches.run import RunParts
from router.api.batches.runner import BatchRunner
from router.api.endpoints.batches import PATH as BATCHES
from router.api.endpoints.batches import Batches
from router.api.endpoints.files import PATH as FILES
from router.api.endpoints.files import Files
from router.api.http.authentication import Doorkeeper
from router.api.http.rate_limit_headers import Remaining
from router.api.http.server import Server
from router.ledger.sql.database import Database
from router.ledger.tables.batches import SqlBatches
from router.ledger.tables.files import SqlFiles
from router.money.days import DAY_MS
from router.policy.schema import Policy
from router.policy.sections.batches import BatchesSection
from router.types import Clock, Identity, Ids, Owner


class Batching:
    """Holds what a process needs for files and batches, and mounts their paths."""

    def __init__(
        self,
        server: Server,
        database: Database,
        remaining: Remaining,
        door: Doorkeeper,
        *,
        secret_of: Callable[[str], bytes],
        policy: Callable[[], Policy],
        clock: Clock,
        ids: Ids,
    ) -> None:
        """Takes the parts; `secret_of` may block, and `policy` returns the default one."""
        self._policy = policy
        self._clock = clock
        self._files = SqlFiles(database, clock, secret_of)
        self._batches = SqlBatches(database, clock, secret_of)

        async def identity_of(owner: Owner) -> Identity | None:
            return await door.still_valid(owner.tenant, owner.key_id)

        pace = Pace(
            clock,
            lambda: self._bounds().concurrency,
            lambda: remaining.live,
            lambda: remaining.live_began_s,
        )
        parts = RunParts(
            self._batches, self._files, server, identity_of, pace, self._bounds, clock, ids
        )
        self.runner = BatchRunner(parts)
        files = Files(self._files, door, self._bounds, clock=clock, ids=ids)
        batches = Batches(
            self._batches,
            self._files,
            door,
            self._bounds,
            lambda: policy().max_body_bytes,
            self.runner.wake,
            clock=clock,
            ids=ids,
        )
        server.answer(FILES, files)
        server.answer(BATCHES, batches)
        server.mount(f"{FILES}/", "*", files.one)
        server.mount(f"{BATCHES}/", "*", batches.one)

    def purge_expired(self) -> None:
        """Deletes files and ended batches whose time is over; blocks. Raises LedgerError."""
        self._files.purge_expired()
        lasts_ms = self._bounds().retention_days * DAY_MS
        self._batches.purge_before(self._clock.now_ms() - lasts_ms)

    def _bounds(self) -> BatchesSection:
        return self._policy().batches
