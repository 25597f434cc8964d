"""Which windows of budgets are kept, and what an attempt moves in them.

The day and month of each tenant are always kept. A window of another scope is kept from the moment
a limit first asks for it: a watch says which scopes (by the columns that they name) and which kind.
Its first window is summed from the attempts, so a budget that comes or changes in flight counts
what was spent before it; from then on every writer moves it with each attempt, whether or not its
own policy knows of the limit, since the watches are read within each transaction. Calls count, and
what a bill says of them; reviewers' minutes count in no window (`COUNTED`).

    since_ms                          checked_ms        checked_ms + KEPT_MS
    | windows are kept: moved and verified |  still moved, waiting to be asked again | no more

A watch that nobody asks for any more ends by itself. It knows nothing about limits or money.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from router.ledger.sql.cursor import Cursor
from router.money.budgets import (
    DAY_MS,
    HOUR_MS,
    LENGTH_MS,
    NAMES,
    WindowKind,
    window_end,
    window_start,
)
from router.types import Role

Window = tuple[str, str, str, str, str, int]  # tenant, key, policy, tier, kind, start
Scope = tuple[str, str, str, str]

KEPT_MS = {
    WindowKind.MINUTE: HOUR_MS,
    WindowKind.HOUR: DAY_MS,
    WindowKind.DAY: 7 * DAY_MS,
    WindowKind.MONTH: 70 * DAY_MS,
}
"""How long windows are kept beside the current one, for attempts that settle late: longer than any
deadline. Before and after it: windows up to so long ago, and for so long after the last check."""
BEGUN_BEFORE_MS = HOUR_MS
"""How long a request may have been under way when one of its attempts began."""

FOREVER_MS = 2**62

ALWAYS = (WindowKind.DAY, WindowKind.MONTH)  # of each tenant


class Watch(Struct, frozen=True):
    """The windows of one kind that name the same columns: kept from `since_ms` on."""

    named: tuple[str, ...]
    kind: WindowKind
    since_ms: int
    checked_ms: int

    def keeps(self, start_ms: int) -> bool:
        """Whether the window that begins then is moved with each attempt."""
        return self.since_ms <= start_ms <= self.checked_ms + KEPT_MS[self.kind]

    def outlived(self, at_ms: int) -> bool:
        """Returns True when it has ended by itself at that moment."""
        kept_to_ms = self.checked_ms + KEPT_MS[self.kind]
        return at_ms > kept_to_ms and window_start(self.kind, at_ms) > kept_to_ms

    def window(self, payer: Scope, at_ms: int) -> Window | None:
        """The kept window in which an attempt of that moment counts, None where none is."""
        start_ms = window_start(self.kind, at_ms)
        if not self.keeps(start_ms):
            return None
        tenant, key_id, policy, tier = (
            value if name in self.named else "" for name, value in zip(NAMES, payer, strict=True)
        )
        if sum(map(bool, (tenant, key_id, policy, tier))) < len(self.named):
            return None  # what has no tier counts in no tier's window
        return tenant, key_id, policy, tier, self.kind.value, start_ms


WATCHES_SQL = "SELECT named, kind, since_ms, checked_ms FROM budget_watches"
_UPSERT_WATCH = (
    "INSERT INTO budget_watches (named, kind, since_ms, checked_ms) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (named, kind) DO UPDATE SET since_ms = excluded.since_ms, "
    "checked_ms = excluded.checked_ms"
)


def watches_from(rows: Iterable[Sequence[object]]) -> list[Watch]:
    """The rows of WATCHES_SQL as watches."""
    return [
        Watch(
            tuple(str(named).split(",")) if named else (),
            WindowKind(str(kind)),
            int(str(since)),
            int(str(checked)),
        )
        for named, kind, since, checked in rows
    ]


def windows_of(watches: list[Watch], payer: Scope, at_ms: int) -> Iterator[Window]:
    """Every kept window that an attempt begun at `at_ms` counts in."""
    for kind in ALWAYS:
        yield payer[0], "", "", "", kind.value, window_start(kind, at_ms)
    for watch in watches:
        window = watch.window(payer, at_ms)
        if window is not None:
            yield window


def always_kept(window: Window) -> bool:
    """Whether it is a tenant's day or month."""
    return bool(window[0]) and not any(window[1:4]) and window[4] in ALWAYS


def is_kept(watches: list[Watch], window: Window) -> bool:
    """Whether the window is moved with each attempt, so that it must be the attempts' sum."""
    named = _named(window)
    return always_kept(window) or any(
        w.named == named and w.kind.value == window[4] and w.keeps(window[5]) for w in watches
    )


def _named(window: Window) -> tuple[str, ...]:
    return tuple(name for name, value in zip(NAMES, window, strict=False) if value)


class Watches:
    """The watches of one transaction. What it changes is written at once."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        cursor.execute(WATCHES_SQL)
        self.all = watches_from(cursor.fetchall())

    def asked(self, window: Window) -> bool:
        """A limit asks for this window. False where it is so old that it must be summed instead.

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
        return any(watch.outlived(at_ms) for watch in self.all)

    def end_outlived(self, at_ms: int) -> None:
        """Forget these watches: asked again, their windows are summed anew.

        Without it a late check could go on with windows that had missed a hold, and would then be
        short by it once it is released. The caller has flushed what it moved.
        """
        for watch in [watch for watch in self.all if watch.outlived(at_ms)]:
            self.all.remove(watch)
            self._cursor.execute(
                "DELETE FROM budget_watches WHERE named = ? AND kind = ?",
                (",".join(watch.named), watch.kind.value),
            )
            self._clear(watch.named, watch.kind)

    def keeps(self, window: Window) -> bool:
        """Whether the window is kept and was asked for before."""
        named = _named(window)
        return any(
            w.named == named and w.kind.value == window[4] and w.since_ms <= window[5]
            and window[5] <= w.checked_ms
            for w in self.all
        )  # fmt: skip

    def _begin(self, named: tuple[str, ...], kind: WindowKind, start_ms: int) -> None:
        """Sum the window of all scopes that name these columns, once.

        Later windows with it: clocks of workers differ, and checks overtake one another.
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
        """Drop a watch's windows."""
        self._cursor.execute(
            f"DELETE FROM budget_windows WHERE {_shape(named)} AND kind = ?", (kind.value,)
        )

    def sum(self, window: Window) -> list[int]:
        """[spent, held] of a window, from the attempts themselves; what was moved is flushed."""
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
    """Says in SQL what is true of windows that name these columns."""
    return " AND ".join(f"{name} {'<>' if name in named else '='} ''" for name in NAMES)


UNCOUNTED = frozenset({Role.REVIEW.value})
"""Roles whose attempts count in no window: a reviewer's time keeps nobody from calling a model."""
COUNTED = "a.role NOT IN ('{}')".format("', '".join(sorted(UNCOUNTED)))
"""Which attempts windows are the sum of, in SQL."""

_COLUMN = {"tenant": "r.tenant", "key_id": "r.key_id", "policy": "r.policy", "tier": "a.tier"}
_SUMS = (
    "sum(CASE WHEN a.state = 'held' THEN 0 ELSE a.cost_nano_usd END), "
    "sum(CASE WHEN a.state = 'held' THEN a.held_nano_usd ELSE 0 END)"
)
_WITHIN = (
    f"FROM requests r JOIN attempts a ON a.request_id = r.request_id AND {COUNTED} "
    "WHERE a.started_at_ms >= ? AND a.started_at_ms < ? AND r.request_id IN ("
    "SELECT request_id FROM requests WHERE created_at_ms >= ? UNION "
    "SELECT request_id FROM requests WHERE state = 'open')"
)
"""Open requests of any age, since their holds will be released; finished ones of the time."""


def _bounds(kind: WindowKind, start_ms: int) -> tuple[int, int, int]:
    return start_ms, window_end(kind, start_ms), start_ms - BEGUN_BEFORE_MS
