"""Counts a report: adds cells of roll-ups and rows up into one set of groups.

Rows come in any order, as rows or as cells. The sums are the same, since the `contribute` that made
the cells adds a row. Names from outside open at most MAX_GROUPS groups of a kind, and MAX_PAYERS
of those that money is charged to; further names share one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from zoneinfo import ZoneInfo

import msgspec

from router.analysis.calendar import local_day
from router.analysis.report.figures import GroupFigures, ProviderFigures
from router.ledger.aggregates import (
    NO_ANSWER,
    Cell,
    CellOf,
    Kind,
    PlacedCell,
    TierName,
    Whole,
    add_counts,
    add_sums,
    tier_name,
)
from router.ledger.rollup import QUARTER_MS, contribute, contribute_settled
from router.ledger.row_reading import (
    REVIEW,
    provider_difference,
)
from router.money.days import DAY_MS
from router.money.model_redirects import undated
from router.rendering.figures_in_words import clean
from router.types import AttemptRow, RequestRow, RequestState, Role

MAX_GROUPS = 256
"""Bounds the groups: more models than any policy names. New names beyond it share the group OTHER.
"""

MAX_PAYERS = 20_000
"""Bounds tenants, keys and sets of tags: the largest payer may come last, so it must not be lost.
A group takes about 3 kB.
"""

OTHER = "(other)"
TierKey = tuple[int, str, str]
"""Is a line of tiers: level, tier and model."""

_REVIEW_ROWS = f"({REVIEW})"
"""Names the tier of review rows; their calls, the minutes, are of the tier `review`."""

_CLOSED = (Kind.DOMAIN, Kind.REQUEST_TYPE)
_PAYERS = (Kind.WHOLE, Kind.KEY, Kind.TAG)


@dataclass(slots=True)
class ProviderTally:
    """Compares the costs that providers reported with the cost of their tokens at our prices."""

    calls: int = 0
    booked: int = 0
    reported: int = 0

    def add(self, attempt: AttemptRow) -> None:
        """Counts an attempt whose provider reported a cost and whose own cost is a token price.

        A bill that corrects such a call changes the sums, and is no further call.
        """
        difference = provider_difference(attempt)
        if difference is not None:
            self.calls += attempt.role is not Role.RECONCILE
            self.booked += attempt.cost_nano_usd
            self.reported += attempt.cost_nano_usd + difference

    def figures(self) -> ProviderFigures:
        """Returns the sums."""
        return ProviderFigures(self.calls, self.booked, self.reported)


class Tally:
    """Keeps all running sums of one report."""

    def __init__(self, grain_ms: int = QUARTER_MS) -> None:
        """Starts empty; `grain_ms` separates times: QUARTER_MS, or a day for long periods."""
        self._grain_ms = grain_ms
        self.groups: dict[Kind, dict[str, Cell]] = {kind: {} for kind in Kind}
        self.tenants: dict[str, Cell] = {}
        self.times: dict[int, Cell] = {}  # by start, UTC
        self.open_requests = 0
        self.open_held = 0

    def add(self, row: RequestRow) -> None:
        """Counts one row in every breakdown; an open one has no outcome yet and is only counted."""
        if row.state is RequestState.OPEN:
            self.open_requests += 1
            self.open_held += row.cost_nano_usd
            return

        contribute(row, self._cells_of(row))

    def settle(self, row: RequestRow) -> None:
        """Counts that bills made the unknown cost of a counted row known."""
        contribute_settled(row, self._cells_of(row))

    def settle_noted(self, since_ms: int | None, until_ms: int | None) -> None:
        """Counts what bills of these cells say of purged requests of the period's whole days.

        Those of other days are in no figure here.
        """

        def within(at: int) -> bool:
            day = at - at % DAY_MS
            return (since_ms is None or since_ms <= day) and (
                until_ms is None or day + DAY_MS <= until_ms
            )

        for cells in (self.tenants, *self.groups.values()):
            for cell in cells.values():
                noted = (sums for at, sums in cell.settles.items() if within(at))
                cell.unknown_cost -= sum(requests for requests, _ in noted)
        for cell in self.tenants.values():
            whole = cell.whole = cell.whole or Whole()
            for at, (requests, held) in filter(lambda one: within(one[0]), cell.settles.items()):
                whole.settled += requests
                whole.held_unknown_nano_usd -= held
                start = at - at % self._grain_ms
                self.times.setdefault(start, Cell()).unknown_cost -= requests
            for _, held_by in filter(lambda one: within(one[0]), whole.settles_held.items()):
                taken = {got: [-requests, -held] for got, (requests, held) in held_by.items()}
                add_sums(whole.held_unknown, taken)
            for at, counts in whole.settles_afterwards.items():
                if within(at):
                    add_counts(whole.unknown_afterwards, {name: -n for name, n in counts.items()})

    def _cells_of(self, row: RequestRow) -> CellOf:
        def cell_of(kind: Kind, name: str) -> Cell:
            return self._cell(kind, row.created_at_ms, row.tenant, name)

        return cell_of

    def merge(self, placed: PlacedCell) -> None:
        """Counts all rows of a stored cell in the breakdown of its kind.

        Where times are separated only by day, the whole of a day is its cell by time too.
        """
        kind, start_ms, tenant, name, cell = placed
        # Then day sums of the whole replace the cells by quarter hour.
        by_day = self._grain_ms >= DAY_MS
        if kind is Kind.TIME and by_day:
            return
        self._cell(kind, start_ms, tenant, name).merge(cell)
        if kind is Kind.WHOLE and by_day:
            timed = msgspec.structs.replace(cell, whole=None)
            self._cell(Kind.TIME, start_ms, tenant, "").merge(timed)

    def _cell(self, kind: Kind, at_ms: int, tenant: str, name: str) -> Cell:
        if kind is Kind.TIME:
            # Every time zone's midnight is on a quarter hour, so zones need no cells of their own.
            start = at_ms - at_ms % self._grain_ms
            return self.times.setdefault(start, Cell())
        groups = self.tenants if kind is Kind.WHOLE else self.groups[kind]
        key = tenant if kind is Kind.WHOLE else name
        cell = groups.get(key)
        if cell is None:
            # Domains and request types are enums, so their number is bounded anyway.
            most = MAX_PAYERS if kind in _PAYERS else MAX_GROUPS
            if kind not in _CLOSED and len(groups) >= most:
                key = _other(kind, name)
            cell = groups.setdefault(key, Cell())
        return cell

    def total(self) -> Cell:
        """Returns all requests together."""
        total = merged(self.tenants.values())
        total.whole = total.whole or Whole()
        return total

    def tiers(self) -> dict[TierKey, Cell]:
        """Groups by level, tier and model, over all adapters and dated names of a model."""
        return {key: merged(by_name.values()) for key, by_name in self.by_names().items()}

    def by_names(self) -> dict[TierKey, dict[str, Cell]]:
        """Groups each line of `tiers` by the names that its model gave itself."""
        places: dict[tuple[int, str], dict[str, Cell]] = {}
        for text, cell in self.groups[Kind.TIER].items():
            tier = tier_name(text)
            place = tier.level, REVIEW if tier.tier == _REVIEW_ROWS else clean(tier.tier)
            # Without a name no call was made, or it is money for earlier ones.
            model = clean(tier.model) if tier.model else ""
            places.setdefault(place, {}).setdefault(model, Cell()).merge(cell)
        return {
            (*place, line): by_name
            for place, names in places.items()
            for line, by_name in _model_lines(names).items()
        }

    def models(self) -> dict[str, Cell]:
        """Groups requests by the model that answered, over its dated names."""
        names = self._by(lambda tier: tier.model or tier.tier or NO_ANSWER)
        return {line: merged(cells.values()) for line, cells in _model_lines(names).items()}

    def adapters(self) -> dict[str, Cell]:
        """Groups requests by the adapter of the answering model."""
        return self._by(lambda tier: tier.adapter or "(none)")

    def _by(self, name_of: Callable[[TierName], str]) -> dict[str, Cell]:
        groups: dict[str, Cell] = {}
        for text, cell in self.groups[Kind.TIER].items():
            # Money for earlier requests has no request, nor has a model that only failed.
            if cell.requests or cell.spend_nano_usd or cell.tried:
                groups.setdefault(name_of(tier_name(text)), Cell()).merge(cell)
        return groups


def _model_lines(names: Mapping[str, Cell]) -> dict[str, dict[str, Cell]]:
    """Groups names of models by model: a provider answers for one under names with a day.

    The only name of a model stays as it is, so that a line has the name that the policy has.
    """
    models: dict[str, list[str]] = {}
    for name in names:
        models.setdefault(undated(name), []).append(name)
    lines: dict[str, dict[str, Cell]] = {}
    for model, same in models.items():
        line = lines.setdefault(model if len(same) > 1 else same[0], {})
        line.update({name: names[name] for name in same})
    return lines


def _other(kind: Kind, name: str) -> str:
    if kind is not Kind.TIER:
        return OTHER
    level = tier_name(name).level
    # The policy schema bounds levels; a row's level may be anything.
    own = TierName(level if 0 <= level <= 9 else 0, OTHER, OTHER)
    return msgspec.json.encode(own).decode()


def merged(cells: Iterable[Cell]) -> Cell:
    """Returns one cell of all requests in these."""
    total = Cell()
    for cell in cells:
        total.merge(cell)
    return total


def escalated(cell: Cell) -> int:
    """Counts requests that were answered above the lowest level of their own policy."""
    return sum(n for rank, n in cell.routed_by_level.items() if rank > 1)


def climbed(tally: Tally, whole: Whole) -> int | None:
    """Returns the replies after another tier's turn; None where older purged rows do not tell."""
    replies, after_another = whole.climbed
    at_levels = sum(cell.requests for (level, *_), cell in tally.tiers().items() if level)
    return after_another if replies == at_levels else None


def group_figures(cell: Cell, total: int, raised: int) -> GroupFigures:
    """Returns the sums as figures, with shares of `total` requests."""
    return GroupFigures(
        requests=cell.requests,
        share=cell.requests / total if total else 0.0,
        spend_nano_usd=cell.spend_nano_usd,
        unknown_cost=cell.unknown_cost,
        p50_ms=cell.latency.quantile(0.50),
        p95_ms=cell.latency.quantile(0.95),
        judged=cell.judged,
        in_words=cell.in_words,
        on_prior=cell.on_prior,
        accepted=cell.accepted,
        escalated=raised,
        refused=cell.refused,
        failed=cell.failed,
    )


def by_day(times: Mapping[int, Cell], zone: str) -> dict[date | None, Cell]:
    """Groups quarter hours by the zone's calendar day; None for days that no calendar holds."""
    days: dict[date | None, Cell] = {}
    clock = UTC if zone == "UTC" else ZoneInfo(zone)
    for start, cell in times.items():
        days.setdefault(local_day(start, clock), Cell()).merge(cell)
    return days
