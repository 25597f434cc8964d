"""Decides which budget windows are kept, and which of them an attempt moves.

The day and month of each tenant are always kept. A window of another scope is kept from the moment
a limit first needs it: a watch names the scopes (by their columns) and the kind. Its first window
is summed from the attempts, so a budget that comes or changes during operation counts earlier
spend. From then on every writer moves it with each attempt, also when its own policy does not know
the limit, because the watches are read within each transaction. Calls count, and their corrections
by a bill; reviewers' minutes count in no window (`COUNTED`).

    since_ms                          checked_ms        checked_ms + KEPT_MS
    | windows are kept: moved and verified |  still moved, until the next check    | no more

A watch that nobody uses any more ends by itself. It knows nothing about limits or money.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from router.ledger.row_reading import CORRECTION_PREFIX
from router.ledger.sql.cursor import Cursor
from router.money.budgets import LENGTH_MS, NAMES, WindowKind, window_end, window_start
from router.money.days import DAY_MS, HOUR_MS
from router.types import Role

Window = tuple[str, str, str, str, str, int]  # tenant, key, policy, tier, kind, start
Scope = tuple[str, str, str, str]

KEPT_MS = {
    WindowKind.MINUTE: HOUR_MS,
    WindowKind.HOUR: DAY_MS,
    WindowKind.DAY: 7 * DAY_MS,
    WindowKind.MONTH: 70 * DAY_MS,
}
"""Time for which windows other than the current one are kept, for attempts that settle late. It is
longer than any deadline. It counts both ways: windows this long ago, and this long after the last
check."""
BEGUN_BEFORE_MS = HOUR_MS
"""Longest time from the start of a request to the start of one of its attempts."""

FOREVER_MS = 2**62

ALWAYS = (WindowKind.DAY, WindowKind.MONTH)  # of each tenant


class Watch(Struct, frozen=True):
    """Describes the windows of one kind that name the same columns, kept from `since_ms` on."""

    named: tuple[str, ...]
    kind: WindowKind
    since_ms: int
    checked_ms: int

    def keeps(self, start_ms: int) -> bool:
        """Returns True when the window with this start is moved with each attempt."""
        return self.since_ms <= start_ms <= self.checked_ms + KEPT_MS[self.kind]

    def outlived(self, at_ms: int) -> bool:
        """Returns True when it has ended by itself at that moment."""
        kept_to_ms = self.checked_ms + KEPT_MS[self.kind]
        return at_ms > kept_to_ms and window_start(self.kind, at_ms) > kept_to_ms

    def window(self, payer: Scope, at_ms: int) -> Window | None:
        """Returns the kept window in which an attempt of this moment counts; None without one."""
        start_ms = window_start(self.kind, at_ms)
        if not self.keeps(start_ms):
            return None
        tenant, key_id, policy, tier = (
            value if name in self.named else "" for name, value in zip(NAMES, payer, strict=True)
        )
        if sum(map(bool, (tenant, key_id, policy, tier))) < len(self.named):
            return None  # an attempt without a tier counts in no tier's window
        return tenant, key_id, policy, tier, self.kind.value, start_ms


WATCHES_SQL = "SELECT named, kind, since_ms, checked_ms FROM budget_watches"
_UPSERT_WATCH = (
    "INSERT INTO budget_watches (named, kind, since_ms, checked_ms) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (named, kind) DO UPDATE SET since_ms = excluded.since_ms, "
    "checked_ms = excluded.checked_ms"
)


def watches_from(rows: Iterable[Sequence[object]]) -> list[Watch]:
    """Returns the rows of WATCHES_SQL as watches."""
    return [
        Watch(
            tuple(str(named).split(",")) if named else (),
            WindowKind(str(kind)),
            int(str(since)),
            int(str(checked)),
        )
        for named, kind, since, checked in rows
    ]


def windows_of(watches: list[Watch], payer: Scope, at_ms: int) -> list[Window]:
    """Returns every kept window in which an attempt begun at `at_ms` counts."""
    windows: list[Window] = [
        (payer[0], "", "", "", kind._value_, window_start(kind, at_ms)) for kind in ALWAYS
    ]
    for watch in watches:
        window = watch.window(payer, at_ms)
        if window is not None:
            windows.append(window)
    return windows


def always_kept(window: Window) -> bool:
    """Returns True for a tenant's day or month."""
    return bool(window[0]) and not any(window[1:4]) and window[4] in ALWAYS


def is_kept(watches: list[Watch], window: Window) -> bool:
    """Returns True when each attempt moves the window, so it must be the sum of the attempts."""
    named = _named(window)
    return always_kept(window) or any(
        w.named == named and w.kind.value == window[4] and w.keeps(window[5]) for w in watches
    )


def _named(window: Window) -> tuple[str, ...]:
    return tuple(name for name, value in zip(NAMES, window, strict=False) if value)


class Watches:
    """Keeps the watches of one transaction. Writes its changes at once."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        cursor.execute(WATCHES_SQL)
        self.all = watches_from(cursor.fetchall())

    def asked(self, window: Window) -> bool:
        """Notes that a limit needs this window. Returns False for an old one that must be summed.

        The caller has flushed what it moved, unless the window is kept already (`keeps`).
        """
        named = _named(window)
        kind, start_ms = WindowKind(window[4]), window[5]
        watch = next((w for w in self.all if w.named == named and w.kind is kind), None)
        if watch is not None and start_ms < watch.since_ms:
            return False
        if watch is None or not watch.keeps(start_ms):
            self._begin(named, kind, start_ms)
        elif start_ms > watch.checked_ms:
            since = max(watch.since_ms, window_start(kind, start_ms - KEPT_MS[kind]))
            self._set(Watch(named, kind, since, start_ms))
        return True

    def outlived(self, at_ms: int) -> bool:
        """Returns True when a watch has ended for an attempt of that moment."""
        return bool(self.all) and any([watch.outlived(at_ms) for watch in self.all])

    def end_outlived(self, at_ms: int) -> None:
        """Forgets these watches: the next check sums their windows anew.

        Without it a late check could go on with windows that had missed a hold, and would be short
        by that hold after its release. The caller has flushed its changes.
        """
        for watch in [watch for watch in self.all if watch.outlived(at_ms)]:
            self.all.remove(watch)
            self._cursor.execute(
                "DELETE FROM budget_watches WHERE named = ? AND kind = ?",
                (",".join(watch.named), watch.kind.value),
            )
            self._clear(watch.named, watch.kind)

    def keeps(self, window: Window) -> bool:
        """Returns True when the window is kept and was checked before."""
        named = _named(window)
        return any(
            w.named == named
            and w.kind.value == window[4]
            and w.since_ms <= window[5]
            and window[5] <= w.checked_ms
            for w in self.all
        )

    def _begin(self, named: tuple[str, ...], kind: WindowKind, start_ms: int) -> None:
        """Sums the window of all scopes that name these columns, once.

        It sums later windows too: clocks of workers differ, and checks overtake one another.
        """
        self._clear(named, kind)
        self._set(Watch(named, kind, start_ms, start_ms))
        columns = ", ".join(_COLUMN[name] if name in named else "''" for name in NAMES)
        grain_ms = LENGTH_MS.get(kind, DAY_MS)
        self._cursor.execute(
            f"SELECT {columns}, a.started_at_ms - a.started_at_ms % {grain_ms}, {_SUMS} {_WITHIN}"
            + "".join(f" AND {_COLUMN[name]} <> ''" for name in named)
            + " GROUP BY 1, 2, 3, 4, 5",
            (start_ms, FOREVER_MS, start_ms - BEGUN_BEFORE_MS),
        )
        sums: dict[Window, list[int]] = {}
        for tenant, key_id, policy, tier, begun_ms, spent, held in self._cursor.fetchall():
            window = tenant, key_id, policy, tier, kind.value, window_start(kind, begun_ms)
            total = sums.setdefault(window, [0, 0])
            total[0] += int(spent)
            total[1] += int(held)
        if sums:
            self._cursor.executemany(
                "INSERT INTO budget_windows (tenant, key_id, policy, tier, kind, start_ms, "
                "spent_nano_usd, held_nano_usd, purged_nano_usd) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
                [(*window, *total) for window, total in sums.items()],
            )

    def _set(self, watch: Watch) -> None:
        self.all = [w for w in self.all if (w.named, w.kind) != (watch.named, watch.kind)]
        self.all.append(watch)
        named = ",".join(watch.named)
        self._cursor.execute(
            _UPSERT_WATCH, (named, watch.kind.value, watch.since_ms, watch.checked_ms)
        )
        # No tenant's own day and month come here: no watch names them.
        self._cursor.execute(
            f"DELETE FROM budget_windows WHERE {_shape(watch.named)} AND kind = ? AND start_ms < ?",
            (watch.kind.value, watch.since_ms),
        )

    def _clear(self, named: tuple[str, ...], kind: WindowKind) -> None:
        """Drops a watch's windows."""
        self._cursor.execute(
            f"DELETE FROM budget_windows WHERE {_shape(named)} AND kind = ?", (kind.value,)
        )

    def sum(self, window: Window) -> list[int]:
        """Returns [spent, held] of a window from the attempts; the changes were flushed before."""
        kind, start_ms = WindowKind(window[4]), window[5]
        named = [(name, value) for name, value in zip(NAMES, window, strict=False) if value]
        where = "".join(f" AND {_COLUMN[name]} = ?" for name, _ in named)
        self._cursor.execute(
            f"SELECT {_SUMS} {_WITHIN}{where}",
            (*_bounds(kind, start_ms), *(value for _, value in named)),
        )
        row = self._cursor.fetchone()
        return [int(row[0] or 0), int(row[1] or 0)] if row is not None else [0, 0]


def _shape(named: tuple[str, ...]) -> str:
    """Returns the SQL condition of windows that name these columns."""
    return " AND ".join(f"{name} {'<>' if name in named else '='} ''" for name in NAMES)


UNCOUNTED = frozenset({Role.REVIEW.value})
"""Roles whose attempts count in no window: a reviewer's time stops nobody from calling a model."""
COUNTED = "a.role NOT IN ('{}')".format("', '".join(sorted(UNCOUNTED)))
"""SQL condition of the attempts that windows sum."""

SETTLED_BEFORE = (
    "EXISTS (SELECT 1 FROM attempts bill WHERE bill.request_id = "
    f"'{CORRECTION_PREFIX}' || a.attempt_id AND bill.provider_cost_nano_usd IS NULL)"
)
"""Finds, in SQL, a call whose correction is older than the count of stated costs: its difference
is from what was booked, so that is what the call counts."""
COUNTED_COST = (
    "CASE WHEN a.provider_cost_nano_usd IS NOT NULL AND (a.role = 'reconcile' OR "
    f"(a.provider_cost_nano_usd > a.cost_nano_usd AND NOT {SETTLED_BEFORE})) "
    "THEN a.provider_cost_nano_usd ELSE a.cost_nano_usd END"
)
"""SQL of what a settled attempt counts in windows: `counted_cost`, and what that does not know: a
call with a correction of an older version (SETTLED_BEFORE)."""


def counted_cost(role: str, cost_nano_usd: int, provider_cost_nano_usd: int | None) -> int:
    """Returns what a settled attempt counts in windows, in nano-dollars.

    A call counts the higher of what it was booked at and what its provider stated. A bill's
    correction of such a call counts the bill's difference from that. It is for attempts of now:
    only COUNTED_COST knows the corrections of older versions.
    """
    if provider_cost_nano_usd is None:
        return cost_nano_usd
    if role == Role.RECONCILE:
        return provider_cost_nano_usd
    return max(cost_nano_usd, provider_cost_nano_usd)


_COLUMN = {"tenant": "r.tenant", "key_id": "r.key_id", "policy": "r.policy", "tier": "a.tier"}
_SUMS = (
    f"sum(CASE WHEN a.state = 'held' THEN 0 ELSE {COUNTED_COST} END), "
    "sum(CASE WHEN a.state = 'held' THEN a.held_nano_usd ELSE 0 END)"
)
_WITHIN = (
    f"FROM requests r JOIN attempts a ON a.request_id = r.request_id AND {COUNTED} "
    "WHERE a.started_at_ms >= ? AND a.started_at_ms < ? AND r.request_id IN ("
    "SELECT request_id FROM requests WHERE created_at_ms >= ? UNION "
    "SELECT request_id FROM requests WHERE state = 'open')"
)
"""Open requests of any age, since their holds will be released; finished ones of the time."""


def unknown_in(window: Window) -> tuple[str, tuple[str | int, ...]]:
    """Returns the query, with its values, of how many calls in a window are of unknown cost.

    It gives their number and what they count, without those that a bill has settled.
    """
    kind, start_ms = WindowKind(window[4]), window[5]
    named = [(name, str(value)) for name, value in zip(NAMES, window, strict=False) if value]
    query = (
        "SELECT count(*), sum(a.cost_nano_usd) FROM requests r JOIN attempts a "
        f"ON a.request_id = r.request_id AND {COUNTED} WHERE a.state = 'unknown_cost' "
        "AND a.started_at_ms >= ? AND a.started_at_ms < ? AND r.created_at_ms >= ?"
        + "".join(f" AND {_COLUMN[name]} = ?" for name, _ in named)
        + " AND NOT EXISTS (SELECT 1 FROM requests bill WHERE bill.request_id = "
        f"'{CORRECTION_PREFIX}' || a.attempt_id)"
    )
    return query, (*_bounds(kind, start_ms), *(value for _, value in named))


def _bounds(kind: WindowKind, start_ms: int) -> tuple[int, int, int]:
    return start_ms, window_end(kind, start_ms), start_ms - BEGUN_BEFORE_MS
