"""From the ledger's rows and roll-ups to a report: what was spent, where, why, what it saved.

`build_report` is pure and passes over rows and cells once; memory is bounded by the number of
names and quarter hours, not of rows. Percentiles come from logarithmic buckets, within 1 % of the
exact order statistic (`quantiles`); savings carry a 95 % interval (`savings`). How it looks is the
renderers' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from router.analysis.days import local_day
from router.analysis.figures import (
    BasisFigures,
    CacheFigures,
    Counts,
    Forecast,
    GroupFigures,
    LevelShare,
    NamedFigures,
    Period,
    ProviderFigures,
    ReasonFigures,
    Report,
    RoleFigures,
    Saving,
    TierFigures,
    UnknownCost,
    WasteFigures,
)
from router.analysis.fixed_model import fixed_model
from router.analysis.forecast import forecast
from router.analysis.outcomes import measures
from router.analysis.report_words import assumptions, headline, notes, provider_line
from router.analysis.savings import PairedCosts, block_intervals
from router.analysis.tallies import (
    QUARTER_MS,
    Tally,
    escalated,
    group_figures,
    merged,
)
from router.analysis.wording import clean
from router.budgets import DAY_MS
from router.policy import ReportSection
from router.rollup_cells import BASELINES, Cell, Kind, PlacedCell, SavingSums, Sums, Waste, Whole
from router.types import CostBasis, RequestRow, RequestState, Role, TrueOutcome

__all__ = ["LONG_DAYS", "Extra", "build_report", "provider_line"]

MAX_SHOWN = 20
"""Names that a breakdown shows; the others are one line, so that sums stay whole."""

MAX_DAYS = 62
"""More days than this are shown by month."""

LONG_DAYS = 62
"""From here on a report in UTC keeps times apart by day: two months hold enough blocks."""


@dataclass(frozen=True, slots=True)
class Extra:
    """What a report is made of beside rows; nothing of it by default."""

    cells: Iterable[PlacedCell] = ()
    zone: str = "UTC"  # a name of the time zone database
    by_day: bool = False  # keep times apart by UTC day alone: for periods of LONG_DAYS and more
    lost: int = 0  # purged requests of days that the period cuts
    outcomes: Iterable[TrueOutcome] = ()


NOTHING_MORE = Extra()


def build_report(
    rows: Iterable[RequestRow],
    *,
    config: ReportSection,
    since_ms: int | None,
    until_ms: int | None,
    now_ms: int,
    extra: Extra = NOTHING_MORE,
) -> Report:
    """The report over the rows created in [since_ms, until_ms), and over `extra.cells`.

    `config` is the policy's `report` section: planned shares, and the names behind the baselines.
    Rows outside the period are passed over; a row must not stand in a cell as well. 1,000 requests
    at a list price of $0.01, 40 at $0.50 and 5 at $5.00 give a spend of $55.00 and, against all at
    level 3 ($5,225.00), 98.9 % saved.
    """
    tally = Tally(DAY_MS if extra.by_day else QUARTER_MS)
    for placed in extra.cells:
        tally.merge(placed)
    for row in rows:
        late = until_ms is not None and row.created_at_ms >= until_ms
        early = since_ms is not None and row.created_at_ms < since_ms
        if not (late or early):
            tally.add(row)
    total = tally.total()
    whole = total.whole or Whole()
    period = Period(since_ms, until_ms, whole.first_ms, whole.last_ms, now_ms, extra.zone)
    savings = _savings(tally, total, config)
    cut = _Cut(tally, total, min(config.planned_shares, default=1))
    tiers = tally.tiers()
    told = measures(extra.outcomes)
    provider = ProviderFigures(*whole.provider)
    days = _by_day(tally, extra.zone)
    figures = cut.group(total)
    return Report(
        headline=headline(total, period, savings),
        period=period,
        counts=_counts(tally, whole, cut),
        spend_nano_usd=total.spend_nano_usd,
        discarded_nano_usd=sum(role[3] for role in whole.roles.values()),
        unattributed_nano_usd=total.spend_nano_usd - whole.attempts_nano_usd,
        p50_ms=figures.p50_ms,
        p95_ms=figures.p95_ms,
        levels=_levels(tiers, config.planned_shares),
        tiers=_tiers(tiers, total.requests),
        domains=cut.named(tally.groups[Kind.DOMAIN], by_requests=True),
        request_types=cut.named(tally.groups[Kind.REQUEST_TYPE], by_requests=True),
        tenants=cut.named(tally.tenants),
        keys=cut.named(tally.groups[Kind.KEY]),
        models=cut.named(tally.models()),
        adapters=cut.named(tally.adapters()),
        policies=cut.named(tally.groups[Kind.POLICY]),
        days=cut.days(days),
        reasons=_reasons(whole, cut.lowest_level),
        roles=_roles(whole.roles),
        bases=_bases(whole.bases),
        savings=savings,
        waste=tuple(WasteFigures(kind, *whole.waste.get(kind.value, [0, 0])) for kind in Waste),
        cache=_cache(tiers, whole.cache_hits),
        fixed_model=fixed_model(whole),
        outcomes=told,
        forecast=_forecast(days, period),
        unknown=UnknownCost(
            total.unknown_cost,
            tuple(clean(request_id) for _, request_id in whole.named_unknown),
            whole.held_unknown_nano_usd,
            tuple(sorted(whole.unknown_afterwards.items())),
        ),
        provider=provider,
        assumptions=assumptions(whole, config, savings),
        notes=notes(tally, total, whole, provider, extra.lost, told[0].count),
    )


class _Cut:
    """Cells as figures, shares of the whole."""

    def __init__(self, tally: Tally, total: Cell, lowest_level: int) -> None:
        self.tally = tally
        self.total = total
        self.lowest_level = lowest_level

    def group(self, cell: Cell) -> GroupFigures:
        """One group as figures."""
        return group_figures(cell, self.total.requests, escalated(cell, self.lowest_level))

    def named(
        self, groups: Mapping[str, Cell], *, by_requests: bool = False
    ) -> tuple[NamedFigures, ...]:
        """The groups by spend (or by requests), MAX_SHOWN of them, the others in one line."""
        ordered = sorted(
            groups.items(),
            key=lambda item: (
                0 if by_requests else -item[1].spend_nano_usd,
                -item[1].requests,
                item[0],
            ),
        )
        shown, rest = ordered[:MAX_SHOWN], ordered[MAX_SHOWN:]
        if len(rest) == 1:
            shown, rest = ordered, []
        found = [NamedFigures(clean(name), self.group(cell)) for name, cell in shown]
        if rest:
            others = merged(cell for _, cell in rest)
            found.append(NamedFigures(f"({len(rest)} others)", self.group(others)))
        return tuple(found)

    def days(self, by_day: Mapping[date, Cell]) -> tuple[NamedFigures, ...]:
        """In the order of time; by month beyond MAX_DAYS."""
        names: dict[str, Cell] = {}
        monthly = len(by_day) > MAX_DAYS
        for day, cell in sorted(by_day.items()):
            name = f"{day:%Y-%m}" if monthly else day.isoformat()
            names.setdefault(name, Cell()).merge(cell)
        return tuple(NamedFigures(name, self.group(cell)) for name, cell in names.items())


# --- the parts ---------------------------------------------------------------------------------


def _counts(tally: Tally, whole: Whole, cut: _Cut) -> Counts:
    states = {**whole.states, RequestState.OPEN.value: tally.open_requests}
    return Counts(
        requests=cut.total.requests,
        states=tuple(
            (state.value, states[state.value]) for state in RequestState if states.get(state.value)
        ),
        verdicts=tuple(sorted(whole.verdicts.items(), key=lambda item: (-item[1], item[0]))),
        escalated=escalated(cut.total, cut.lowest_level),
        reviews=whole.reviews,
        cache_hits=whole.cache_hits,
        observed=whole.observed,
    )


TierKey = tuple[int, str, str]  # level, tier, model


def _levels(tiers: Mapping[TierKey, Cell], planned: Mapping[int, float]) -> tuple[LevelShare, ...]:
    by_level: dict[int, int] = {}
    for (level, _, _), cell in tiers.items():
        if level and cell.requests:
            by_level[level] = by_level.get(level, 0) + cell.requests
    total = sum(by_level.values())
    return tuple(
        LevelShare(
            level=level,
            requests=by_level.get(level, 0),
            share=by_level.get(level, 0) / total if total else 0.0,
            planned=planned.get(level),
        )
        for level in sorted({*by_level, *planned})
    )


def _tiers(tiers: Mapping[TierKey, Cell], total: int) -> tuple[TierFigures, ...]:
    """By level; requests without an answer come last."""
    ordered = sorted(tiers.items(), key=lambda item: (item[0][0] == 0, item[0]))
    return tuple(
        TierFigures(
            tier=tier,
            level=level,
            model=model,
            figures=group_figures(cell, total, cell.moved_on),
            tried=cell.tried,
            own_spend_nano_usd=cell.own_spend_nano_usd,
        )
        for (level, tier, model), cell in ordered
    )


def _reasons(whole: Whole, lowest_level: int) -> tuple[ReasonFigures, ...]:
    found: Sums = {}
    for level, sums in whole.reasons.items():
        for reason, numbers in sums.items() if level > lowest_level else ():
            before = found.get(reason, [0, 0, 0, 0])
            found[reason] = [a + b for a, b in zip(before, numbers, strict=True)]
    ordered = sorted(found.items(), key=lambda item: (-item[1][0], -item[1][2], item[0]))
    return tuple(ReasonFigures(reason, *numbers) for reason, numbers in ordered)


def _roles(roles: Sums) -> tuple[RoleFigures, ...]:
    return tuple(RoleFigures(role, *roles[role.value]) for role in Role if role.value in roles)


def _bases(bases: Sums) -> tuple[BasisFigures, ...]:
    return tuple(
        BasisFigures(basis, *bases[basis.value]) for basis in CostBasis if basis.value in bases
    )


def _cache(tiers: Mapping[TierKey, Cell], hits: int) -> CacheFigures:
    """What cache hits would have cost, each at the mean of its model's fresh answers.

    10 hits at a model whose 40 fresh requests cost $2.00 are worth $0.50.
    """
    priced, value = 0, 0
    for cell in tiers.values():
        fresh = cell.requests - cell.cache_hits
        if cell.cache_hits and fresh > 0:
            priced += cell.cache_hits
            value += cell.spend_nano_usd * cell.cache_hits // fresh
    return CacheFigures(hits, priced, value if priced else None)


def _by_day(tally: Tally, zone: str) -> dict[date, Cell]:
    """Requests by the zone's calendar day; days that no calendar holds are left out."""
    found: dict[date, Cell] = {}
    clock = UTC if zone == "UTC" else ZoneInfo(zone)
    for start, cell in tally.times.items():
        its = local_day(start, clock)
        if its is not None:
            found.setdefault(its, Cell()).merge(cell)
    return found


def _forecast(days: Mapping[date, Cell], period: Period) -> Forecast:
    clock = UTC if period.zone == "UTC" else ZoneInfo(period.zone)
    today = local_day(period.generated_at_ms, clock) or date(1970, 1, 1)
    if period.until_ms is not None and period.until_ms < period.generated_at_ms:
        why = "the period is over before today"
        return Forecast(f"{today:%Y-%m}", why, 0, 0, None, None, None)
    begins = None if period.since_ms is None else local_day(period.since_ms, clock)
    first = min(days, default=None)
    complete = None if first is None else first + timedelta(days=1)
    if period.since_ms is not None and begins == first:
        # A period that begins at midnight has its first day whole; a ledger's first row does not.
        at_midnight = local_day(period.since_ms - 1, clock) != begins
        complete = begins if at_midnight else complete
    spend = {day: cell.spend_nano_usd for day, cell in days.items()}
    return forecast(spend, today, complete, begins)


# --- savings -----------------------------------------------------------------------------------


def _savings(tally: Tally, total: Cell, config: ReportSection) -> tuple[Saving, ...]:
    level_2 = f" ({clean(config.level_2)})" if config.level_2 else ""
    level_3 = f" ({clean(config.level_3)})" if config.level_3 else ""
    price = config.people_usd_per_request
    people = "" if price is None else f" at ${price:,.2f} a request"
    labels = {
        "requested_model": "The model the client asked for",
        "all_level_2": f"All at level 2{level_2}",
        "all_level_3": f"All at level 3{level_3}",
        "people": f"People{people}",
    }
    return tuple(
        _saving(key, labels[key], total.savings.get(key, SavingSums()), _blocks(tally, key))
        for key in BASELINES
    )


def _blocks(tally: Tally, key: str) -> list[tuple[int, int]]:
    """(baseline, own) by stretch of time, in order."""
    its = (
        cell.savings[key]
        for _, cell in sorted(tally.times.items(), key=lambda item: item[0])
        if key in cell.savings
    )
    return [(sums.base, sums.own) for sums in its if sums.pairs]


MOST_TIMES = 10
"""A difference beyond ten times its baseline is told in money alone: "327,791 %" says nothing."""


def _saving(key: str, label: str, sums: SavingSums, blocks: list[tuple[int, int]]) -> Saving:
    """The sums of one baseline; all unknown where not one answered request could be compared."""
    pairs, some = PairedCosts(sums), sums.compared > 0
    saved, share = pairs.saved_interval(), pairs.share_interval()
    drawn = block_intervals(blocks) if some and saved is not None else None
    if drawn is not None:
        saved, share = drawn
    telling = some and abs(pairs.saved_nano_usd) <= MOST_TIMES * pairs.baseline_nano_usd
    return Saving(
        key=key,
        label=label,
        compared=sums.compared,
        not_compared=sums.not_compared,
        without_answer=sums.without_answer,
        baseline_nano_usd=pairs.baseline_nano_usd if some else None,
        own_nano_usd=pairs.own_nano_usd if some else None,
        saved_nano_usd=pairs.saved_nano_usd if some else None,
        saved_interval=saved if some else None,
        saved_share=pairs.saved_share() if telling else None,
        share_interval=share if telling else None,
        by_blocks=drawn is not None,
    )
