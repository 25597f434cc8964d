"""Counts what shadows of each policy may cost in a day, and keeps to the policy's limits.

A process that starts within a day first asks the ledger what that day's shadows have cost, so that
a restart begins no new allowance. Until it knows, no shadow has room. It calls no answerer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from router.errors import LedgerError
from router.money.days import DAY_MS
from router.policy.schema import ShadowSection
from router.types import Clock, usd_to_nano

SpentSince = Callable[[int], Mapping[str, int]]
"""Returns what shadows have cost since a time (epoch ms), in nano-dollars by policy. Blocks. Raises
LedgerError."""


@dataclass(slots=True)
class Spent:
    """Counts one policy's shadows of a day, holds of running ones included."""

    day: int
    nano_usd: int = 0
    running: int = 0

    def on(self, day: int) -> None:
        """Starts the money anew on a later day; a clock that goes back starts none."""
        if day > self.day:
            self.day, self.nano_usd = day, 0


@dataclass(slots=True)
class ShadowMoney:
    """Holds what shadows spend; used on one event loop alone.

    `spent_since` is asked once, at the first shadow that may be called. Without it the day's money
    is whole at the start.
    """

    clock: Clock
    spent_since: SpentSince | None = None
    _spent: dict[str, Spent] = field(default_factory=dict)
    _reading: asyncio.Task[None] | None = None

    def has_room(self, policy: str, section: ShadowSection, worst_nano_usd: int) -> bool:
        """Returns True when a shadow of this worst case fits the day's money and the places."""
        if self.spent_since is not None:
            self._begin_reading(self.spent_since)
            return False
        spent = self._today(policy)
        fits = spent.nano_usd + worst_nano_usd <= usd_to_nano(section.max_usd_per_day)
        return fits and spent.running < section.max_at_once

    async def known(self) -> None:
        """Waits for a question to the ledger that is under way."""
        if self._reading is not None:
            await asyncio.wait({self._reading})

    def take(self, policy: str, worst_nano_usd: int) -> int:
        """Takes a place and a shadow's worst case; returns the day (UTC) that pays for it."""
        spent = self._today(policy)
        spent.running += 1
        spent.nano_usd += worst_nano_usd
        return spent.day

    def give_back(self, policy: str, day: int, nano_usd: int) -> None:
        """Frees a place and today's money; money of an earlier day is gone with its day."""
        spent = self._today(policy)
        spent.running -= 1
        if spent.day == day:
            spent.nano_usd = max(0, spent.nano_usd - nano_usd)

    def _today(self, policy: str) -> Spent:
        day = self._day()
        spent = self._spent.setdefault(policy, Spent(day))
        spent.on(day)
        return spent

    def _day(self) -> int:
        return self.clock.now_ms() // DAY_MS

    def _begin_reading(self, spent_since: SpentSince) -> None:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read(spent_since))

    async def _read(self, spent_since: SpentSince) -> None:
        """Notes what the day's shadows have cost; where the ledger fails, a later one asks."""
        day = self._day()
        try:
            before = await asyncio.to_thread(spent_since, day * DAY_MS)
        except LedgerError:
            return
        self._spent = {policy: Spent(day, nano_usd) for policy, nano_usd in before.items()}
        self.spent_since = None
