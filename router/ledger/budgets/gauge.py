"""Reads what is spent in the windows that steer decisions, without the writer.

The figures are at most half a second old. Steering may lag; limits may not, so they are checked
within the writer's transaction. Where no limit steers, nothing is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from router.errors import LedgerError
from router.ledger.budgets.windows import Window
from router.ledger.sql.database import Database
from router.money.budget_pressure import pressure
from router.money.budgets import Budgets, Payer, WindowLimit, window_end, window_start
from router.types import NO_PRESSURE, BudgetLeft, Clock, Identity, Pressure

MAX_AGE_MS = 500.0
KEPT = 4096

_SUM_SQL = (
    "SELECT spent_nano_usd + held_nano_usd FROM budget_windows WHERE tenant = ? AND key_id = ? "
    "AND policy = ? AND tier = ? AND kind = ? AND start_ms = ?"
)


@dataclass(slots=True)
class _Reading:
    """Holds one window's sum, or the query for it that is running."""

    read: asyncio.Task[tuple[int, ...]]
    begun_ms: float


class SqlBudgetGauge:
    """Implements types.BudgetGauge over a ledger's windows."""

    def __init__(self, database: Database, budgets: Callable[[], Budgets], clock: Clock) -> None:
        self._database = database
        self._budgets = budgets
        self._clock = clock
        self._readings: dict[tuple[Window, ...], _Reading] = {}

    async def pressure(self, identity: Identity, policy: str) -> Pressure:
        """Returns the pressure of this payer's budgets on a decision now. Raises nothing."""
        budgets = self._budgets()
        if budgets.unlimited:
            return NO_PRESSURE
        payer = Payer(identity.tenant, identity.key_id, policy)
        limits = tuple(window for window in budgets.money(payer) if window.steers)
        if not limits:
            return NO_PRESSURE
        now_ms = self._clock.now_ms()
        windows = tuple(_window(limit, now_ms) for limit in limits)
        try:
            spent = await asyncio.shield(self._read(windows))
        except LedgerError:  # limits still apply, only their steering is off; readiness says why
            return NO_PRESSURE
        return pressure(limits, spent, now_ms)

    async def left(self, identity: Identity, policy: str) -> BudgetLeft | None:
        """Returns the amount that is left of this payer's scarcest window; None without one.

        Returns None, too, where the ledger cannot be read. Raises nothing.
        """
        limits = self._budgets().money(Payer(identity.tenant, identity.key_id, policy))
        if not limits:
            return None
        now_ms = self._clock.now_ms()
        windows = tuple(_window(limit, now_ms) for limit in limits)
        try:
            spent = await asyncio.shield(self._read(windows))
        except LedgerError:
            return None
        lefts = [
            BudgetLeft(
                limit.nano_usd,
                max(0, limit.nano_usd - nano_usd),
                window_end(limit.kind, window_start(limit.kind, now_ms)) - now_ms,
            )
            for limit, nano_usd in zip(limits, spent, strict=True)
        ]
        return min(lefts, key=lambda one: (one.left_nano_usd, -one.reset_ms))

    def _read(self, windows: tuple[Window, ...]) -> asyncio.Task[tuple[int, ...]]:
        """Returns the reading that all callers within half a second share."""
        now_ms = self._clock.monotonic_ms()
        known = self._readings.get(windows)
        if known is not None and now_ms - known.begun_ms < MAX_AGE_MS:
            return known.read
        if len(self._readings) >= KEPT:
            self._readings.clear()
        read = asyncio.ensure_future(asyncio.to_thread(self._sums, windows))
        self._readings[windows] = _Reading(read, now_ms)
        return read

    def _sums(self, windows: tuple[Window, ...]) -> tuple[int, ...]:
        with self._database.reading() as connection:
            sums = (connection.exec_driver_sql(_SUM_SQL, window).scalar() for window in windows)
            return tuple(int(window or 0) for window in sums)


def _window(limit: WindowLimit, now_ms: int) -> Window:
    scope, start_ms = limit.scope, window_start(limit.kind, now_ms)
    return scope.tenant, scope.key_id, scope.policy, scope.tier, limit.kind.value, start_ms
