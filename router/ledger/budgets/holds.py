"""Keeps the budget windows of one transaction: spent, held, and the check that a call fits.

Holds of a batch see the changes of those before them. Changes are written at the end, or before a
window is summed from the attempts.
"""

from __future__ import annotations

from msgspec import Struct

from router.errors import BudgetExceeded
from router.ledger.budgets.windows import (
    UNCOUNTED,
    Scope,
    Watches,
    Window,
    always_kept,
    counted_cost,
    windows_of,
)
from router.ledger.sql.cursor import Cursor
from router.money.budgets import WindowLimit, window_end, window_start
from router.money.days import utc_minute
from router.types import AttemptRow, AttemptState, exact_usd

_WINDOW_SQL = (
    "SELECT spent_nano_usd, held_nano_usd FROM budget_windows "
    "WHERE tenant = ? AND key_id = ? AND policy = ? AND tier = ? AND kind = ? AND start_ms = ?"
)
# Two statements: a database checks what an upsert would insert before it looks for a conflict, and
# a release would insert a hold below 0, which no window may have.
_WINDOW_INSERT = (
    "INSERT INTO budget_windows (tenant, key_id, policy, tier, kind, start_ms, spent_nano_usd, "
    "held_nano_usd, purged_nano_usd) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0) "
    "ON CONFLICT (tenant, key_id, policy, tier, kind, start_ms) DO NOTHING"
)
_WINDOW_MOVE = (
    "UPDATE budget_windows SET spent_nano_usd = spent_nano_usd + ?, "
    "held_nano_usd = held_nano_usd + ? "
    "WHERE tenant = ? AND key_id = ? AND policy = ? AND tier = ? AND kind = ? AND start_ms = ?"
)

HELD_RETRY_S = 1.0
"""Sets the seconds until another try where running calls hold what is missing; most end soon."""

Payer = tuple[str, str, str]  # tenant, key, policy


class Known(Struct, frozen=True):
    """Describes an attempt as the ledger has it, with all that decides its amounts in windows.

    The amounts before a change and after it are both computed here. Code that looked only at the
    new state would release what was never held.
    """

    role: str
    state: str
    held_nano_usd: int
    cost_nano_usd: int
    started_at_ms: int
    tier: str
    provider_cost_nano_usd: int | None = None

    @classmethod
    def of(cls, attempt: AttemptRow) -> Known:
        """Returns the description of a row."""
        return cls(
            attempt.role,
            attempt.state,
            attempt.held_nano_usd,
            attempt.cost_nano_usd,
            attempt.started_at_ms,
            attempt.tier,
            attempt.provider_cost_nano_usd,
        )

    @property
    def counts(self) -> tuple[int, int]:
        """Returns (spent, held) in its windows, nano-dollars: both 0 for other roles."""
        if self.role in UNCOUNTED:
            return 0, 0
        if self.state == AttemptState.HELD:
            return 0, self.held_nano_usd
        return counted_cost(self.role, self.cost_nano_usd, self.provider_cost_nano_usd), 0


class Windows:
    """Keeps the windows that one batch reads and moves."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._stored: dict[Window, list[int]] = {}  # as the database has them: spent, held
        self._moved: dict[Window, list[int]] = {}  # by this batch: spent, held

    def begin(self) -> None:
        """Reads the list of kept windows; the transaction has begun."""
        self._watches = Watches(self._cursor)

    def change(self, payer: Payer, before: Known | None, now: Known) -> None:
        """Replaces an attempt's old amounts (None: it is new) by its new ones.

        So each window has the sum of its attempts, and none of them is released twice.
        """
        if before is not None:
            spent, held = before.counts
            self._move((*payer, before.tier), before.started_at_ms, -spent, -held)
        spent, held = now.counts
        self._move((*payer, now.tier), now.started_at_ms, spent, held)

    def _move(self, payer: Scope, started_at_ms: int, spent: int, held: int) -> None:
        """Adds nano-dollars to every kept window that an attempt of this moment counts in."""
        if not spent and not held:
            return
        if self._watches.outlived(started_at_ms):
            self.flush()
            self._watches.end_outlived(started_at_ms)
            self._stored.clear()  # some are moved no more
        for window in windows_of(self._watches.all, payer, started_at_ms):
            moved = self._moved.setdefault(window, [0, 0])
            moved[0] += spent
            moved[1] += held

    def known(self, limit: WindowLimit, attempt: AttemptRow) -> bool:
        """Returns True when `check` needs no sum over attempts, so the batch may stay unwritten."""
        window = _window(limit, attempt)
        return window in self._stored or always_kept(window) or self._watches.keeps(window)

    def check(self, limit: WindowLimit, attempt: AttemptRow) -> None:
        """Raises BudgetExceeded when spent, open holds and this worst case pass the limit.

        Where the window is not `known`, the batch was flushed before.
        """
        window, kind, worst = _window(limit, attempt), limit.kind.value, attempt.held_nano_usd
        stored = self._stored.get(window) or self._read(window)
        moved = self._moved.get(window, (0, 0))
        spent, held = stored[0] + moved[0], stored[1] + moved[1]
        room = limit.nano_usd - spent - held
        if worst > room:
            hopeless = worst > limit.nano_usd
            waits = worst <= limit.nano_usd - spent  # only what running calls hold is in the way
            when = f"It begins anew at {utc_minute(window_end(limit.kind, window[-1]))}"
            if waits:
                when = "Try again when running calls have ended; they may cost less than they hold"
            refused = BudgetExceeded(
                f"The {kind}'s budget of {limit.scope} is ${exact_usd(limit.nano_usd)}: "
                f"${exact_usd(spent)} spent and ${exact_usd(held)} held for running calls leave "
                f"${exact_usd(max(room, 0))}, and this call may cost ${exact_usd(worst)}: the most "
                "possible is held until it ends, and most calls cost less. "
                + ("Waiting does not help" if hopeless else when)
                + "; who keeps the gateway's policy may raise it (`budgets`, `limits`).",
                limit=f"usd_per_{kind}",
                scope=str(limit.scope),
                room_nano_usd=room,
                needed_nano_usd=worst,
                hopeless=hopeless,
                retry_after_s=HELD_RETRY_S if waits else None,
            )
            refused.window = window
            raise refused

    def _read(self, window: Window) -> list[int]:
        """Returns [spent, held] of a window before this batch's changes; keeps it from now on."""
        if not always_kept(window):
            if not self._watches.keeps(window):
                self._stored.clear()  # a new watch may end one that was kept
            if not self._watches.asked(window):
                return self._watches.sum(window)
        self._cursor.execute(_WINDOW_SQL, window)
        row = self._cursor.fetchone()
        stored = self._stored[window] = [0, 0] if row is None else [row[0], row[1]]
        return stored

    def flush(self) -> None:
        """Writes the changes."""
        moves = [(*moved, *window) for window, moved in self._moved.items() if any(moved)]
        if moves:
            self._cursor.executemany(_WINDOW_INSERT, [move[2:] for move in moves])
            self._cursor.executemany(_WINDOW_MOVE, moves)
        for window, (spent, held) in self._moved.items():
            stored = self._stored.get(window)
            if stored is not None:
                stored[0] += spent
                stored[1] += held
        self._moved.clear()


def _window(limit: WindowLimit, attempt: AttemptRow) -> Window:
    scope, start_ms = limit.scope, window_start(limit.kind, attempt.started_at_ms)
    return scope.tenant, scope.key_id, scope.policy, scope.tier, limit.kind.value, start_ms
