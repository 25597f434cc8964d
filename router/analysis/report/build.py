"""Builds a report from the ledger's rows and roll-ups: what was spent, where, why, what it saved.

`build_report` is pure and passes over rows and cells once. The number of names and quarter hours
bounds memory, not the number of rows. Percentiles come from logarithmic buckets, within 1 % of the
exact order statistic (`duration_histogram`); savings carry a 95 % interval (`savings`). The
renderers decide the report's form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from router.analysis.report.baseline_names import BaselineNames, PolicyText, names_of
from router.analysis.report.breakdowns import MAX_SHOWN, NOT_COUNTED, Cut
from router.analysis.report.figures import (
    BasisFigures,
    CacheFigures,
    Counts,
    EndingFigures,
    EstimatedCost,
    LaterBills,
    LevelShare,
    Measure,
    Period,
    ProviderFigures,
    Quality,
    ReasonFigures,
    Report,
    RoleFigures,
    Saving,
    TierFigures,
    UnknownCost,
    WasteFigures,
)
from router.analysis.report.fixed_model import fixed_model
from router.analysis.report.forecast import forecast_of
from router.analysis.report.headline import first_sentences
from router.analysis.report.headlines.assumptions import assumptions
from router.analysis.report.headlines.bills_of_before import counted_before
from router.analysis.report.headlines.findings import Findings
from router.analysis.report.headlines.minutes import MinutePriceOf, minute_prices
from router.analysis.report.judges import judge_measures
from router.analysis.report.named_savings import compare
from router.analysis.report.outcomes import decision_measures, measures
from router.analysis.report.replies import Replies, replies_of
from router.analysis.report.sentences import (
    clock_notes,
    lost_note,
    lost_sentence,
    names_notes,
    notes,
)
from router.analysis.report.tallies import Tally, TierKey, by_day, climbed, escalated, group_figures
from router.ledger.aggregates import (
    Cell,
    Ending,
    Kind,
    PlacedCell,
    Sums,
    Waste,
    Whole,
    add_sums,
    ending_parts,
)
from router.ledger.replies import ReplyKind
from router.ledger.rollup import QUARTER_MS
from router.money.days import DAY_MS
from router.policy.schema import ReportSection
from router.rendering.figures_in_words import NO_MODELS, Dollars, clean, places_for
from router.types import (
    CostBasis,
    PairNote,
    Reason,
    RequestRow,
    RequestState,
    Role,
    TrueOutcome,
)

LONG_DAYS = 62
"""Sets the length from which a report in UTC separates times by day: that gives enough blocks."""


def _not_kept(policy_hash: str) -> str | None:
    """Returns None: no policy was kept."""
    return None


@dataclass(frozen=True, slots=True)
class Extra:
    """Holds the inputs of a report other than rows; all are optional."""

    cells: Iterable[PlacedCell] = ()
    zone: str = "UTC"  # a name of the time zone database
    by_day: bool = False  # separate times only by UTC day: for periods of LONG_DAYS and more
    lost: int = 0  # purged requests that may be of the period and are in no figure
    by_rows: bool = False  # they are of any day; else of UTC days that are partly in the period
    outcomes: Iterable[TrueOutcome] = ()
    pairs: Mapping[str, PairNote] = field(default_factory=dict)  # shadows judged, by request
    policy_text: PolicyText = _not_kept  # by hash, of the policies that decided the rows
    planned: Mapping[int, float] | None = None  # shares by level, instead of those policies'
    key_names: Mapping[str, str] = field(default_factory=dict)  # by key id
    waiting: int | None = None  # matters of the period that wait for a person; None: not known
    waits: Collection[str] | None = None  # instead: requests whose matter waits, to be counted
    waiting_failed: int | None = None  # of these, those of failed requests; None: not known
    minute_price: MinutePriceOf | None = None  # of a person, by a policy's hash; None: not known
    settled: Iterable[RequestRow] = ()  # rows of unknown cost that bills of the period made known
    later: Iterable[RequestRow] = ()  # bills for calls of the period that were booked after it
    of_before: Iterable[RequestRow] = ()  # bills of the period for calls from before it
    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()  # filters that were applied to the rows
    exact: bool = False  # sentences tell every nano-dollar


NOTHING_MORE = Extra()


def build_report(
    rows: Iterable[RequestRow],
    *,
    config: ReportSection | None = None,
    since_ms: int | None,
    until_ms: int | None,
    now_ms: int,
    extra: Extra = NOTHING_MORE,
) -> Report:
    """Returns the report over the rows created in [since_ms, until_ms), and over `extra.cells`.

    Names of baselines and planned shares come from the policies that decided the rows; `config`
    gives them where none of those was kept. Rows outside the period are skipped. A row must not be
    in a cell as well. 1,000 requests at a list price of $0.01, 40 at $0.50 and 5 at $5.00 give a
    spend of $55.00 and, against all at level 3 ($5,225.00), 98.9 % saved.
    """
    (report,) = build_reports(
        rows,
        (MAX_SHOWN,),
        config=config,
        since_ms=since_ms,
        until_ms=until_ms,
        now_ms=now_ms,
        extra=extra,
    )
    return report


def build_reports(
    rows: Iterable[RequestRow],
    most_names: Iterable[int | None],
    *,
    config: ReportSection | None,
    since_ms: int | None,
    until_ms: int | None,
    now_ms: int,
    extra: Extra,
) -> list[Report]:
    """Returns what `build_report` does, once for each number of names that a breakdown may have.

    None: all names. The rows are passed over once.
    """
    tally, waiting, failed = _tallied(rows, since_ms, until_ms, extra)
    total = tally.total()
    whole = total.whole or Whole()
    period = Period(since_ms, until_ms, whole.first_ms, whole.last_ms, now_ms, extra.zone)
    names = _names(tally, extra, config)
    tiers = tally.tiers()
    listed = _tiers(tally, tiers, total.requests)
    outcomes = _outcomes(extra, config)
    provider = ProviderFigures(*whole.provider)
    days = by_day(tally.times, extra.zone)
    figures = group_figures(total, total.requests, escalated(total))
    replies = replies_of(total, waiting, failed)
    compared = compare(tally, total, names, replies)
    quality = _quality(replies, compared.passed_on, whole)
    places = _places(total, whole, compared.routed.saving)
    unknown = _unknown(total, whole)
    later = _later(extra.later)
    money = Dollars(None if extra.exact else places, padded=False)
    findings = Findings(
        total,
        period,
        replies,
        compared.routed,
        compared.would,
        quality,
        outcomes[0],
        money,
        compared.answers,
        unknown,
        lost_sentence(extra.lost, by_rows=extra.by_rows),
        outcomes,
        later,
        minute_prices(tally.groups[Kind.POLICY], extra.policy_text, extra.minute_price)
        if waiting or Role.REVIEW.value in whole.roles
        else (),
        counted_before(extra.of_before),
    )
    nameless = Report(
        told=first_sentences(findings),
        period=period,
        counts=_counts(tally, whole, total, names),
        spend_nano_usd=total.spend_nano_usd,
        discarded_nano_usd=sum(role[3] for role in whole.roles.values()),
        unattributed_nano_usd=total.spend_nano_usd - whole.attempts_nano_usd,
        p50_ms=figures.p50_ms,
        p95_ms=figures.p95_ms,
        levels=_levels(tiers, names.planned or {}),
        tiers=listed,
        days=Cut(tally, total).days(days),
        escalation_reasons=_escalated(whole),
        reasons=_all_reasons(whole, total),
        replies=replies,
        endings=_endings(whole),
        roles=_roles(whole.roles),
        bases=_bases(whole.bases),
        savings=compared.savings,
        observed_savings=compared.observed,
        leading=compared.routed.key,
        leading_observed=compared.would.key,
        passed_over=compared.routed.passed_over,
        unsaved=compared.short,
        quality=quality,
        waste=tuple(WasteFigures(kind, *whole.waste.get(kind.value, [0, 0])) for kind in Waste),
        cache=_cache(tiers, whole),
        fixed_model=fixed_model(whole),
        outcomes=outcomes,
        forecast=forecast_of(days, period, extra.lost, by_rows=extra.by_rows),
        unknown=unknown,
        estimated=EstimatedCost(*whole.estimated),
        later=later,
        provider=provider,
        assumptions=assumptions(
            whole,
            compared.savings,
            compared.observed,
            compared.routed.passed_over,
            planned=bool(names.planned),
            money=money,
        ),
        notes=(
            *notes(tally, whole, provider, unknown, outcomes[0].count, money),
            *names_notes(listed, money),
            *lost_note(extra.lost, by_rows=extra.by_rows),
            *clock_notes(period, days),
        ),
        places=places,
        chosen=extra.chosen,
    )
    return [Cut(tally, total, most).in_report(nameless, extra.key_names) for most in most_names]


def _tallied(
    rows: Iterable[RequestRow], since_ms: int | None, until_ms: int | None, extra: Extra
) -> tuple[Tally, int | None, int | None]:
    """Returns the sums of rows and cells, and how many of their matters wait; None: not known.

    The last one is how many of these are of requests that failed.
    """
    # Days of a long period keep memory and reading time small.
    tally = Tally(DAY_MS if extra.by_day else QUARTER_MS)
    waiting, failed = (extra.waiting, extra.waiting_failed) if extra.waits is None else (0, 0)
    for placed in extra.cells:
        tally.merge(placed)
    for row in rows:
        late = until_ms is not None and row.created_at_ms >= until_ms
        early = since_ms is not None and row.created_at_ms < since_ms
        if not (late or early):
            tally.add(row)
            if waiting is not None and extra.waits and row.request_id in extra.waits:
                waiting += 1
                failed = (failed or 0) + (row.state is RequestState.FAILED)
    tally.settle_noted(since_ms, until_ms)
    for row in extra.settled:
        tally.settle(row)
    return tally, waiting, failed


def _names(tally: Tally, extra: Extra, config: ReportSection | None) -> BaselineNames:
    """Names the baselines by the policies of the rows, those of most requests first."""
    names = names_of(tally.groups[Kind.POLICY], extra.policy_text, config)
    return names if extra.planned is None else replace(names, planned=extra.planned)


def _outcomes(extra: Extra, config: ReportSection | None) -> tuple[Measure, ...]:
    """Returns what outcomes and judged shadows say; the first is of the answers themselves."""
    outcomes = list(extra.outcomes)
    before = None if config is None else config.decisions_right_before
    judges = judge_measures(outcomes, extra.pairs)
    return (*measures(outcomes), *decision_measures(outcomes, before), *judges)


def _places(total: Cell, whole: Whole, chosen: Saving | None) -> int:
    """Returns the decimal places in which the dollars of a report are told."""
    # Beside a reviewer's dollars the cents of calls would all read as less than one.
    reviewed = whole.roles.get(Role.REVIEW.value, [0, 0])[1]
    base = None if chosen is None else chosen.baseline_nano_usd
    return places_for(total.spend_nano_usd - reviewed, base)


def _counts(tally: Tally, whole: Whole, total: Cell, names: BaselineNames) -> Counts:
    states = {**whole.states, RequestState.OPEN.value: tally.open_requests}
    return Counts(
        requests=total.requests,
        states=tuple(
            (state.value, states[state.value]) for state in RequestState if states.get(state.value)
        ),
        verdicts=tuple(sorted(whole.verdicts.items(), key=lambda item: (-item[1], item[0]))),
        escalated=escalated(total),
        reviews=whole.reviews,
        cache_hits=whole.cache_hits,
        observed=whole.observed,
        lowest_level=names.lowest_level,
        single_level=names.single_level,
        climbed=climbed(tally, whole),
    )


def _levels(tiers: Mapping[TierKey, Cell], planned: Mapping[int, float]) -> tuple[LevelShare, ...]:
    by_level, words = Counter[int](), Counter[int]()
    for (level, _, model), cell in tiers.items():
        # Level 0 holds requests without an answer; they are no share of the answered.
        if level and cell.requests:
            by_level[level] += cell.requests
            words[level] += cell.requests * (model in NO_MODELS)
    total = sum(by_level.values())
    return tuple(
        LevelShare(
            level=level,
            requests=by_level[level],
            share=by_level[level] / total if total else 0.0,
            planned=planned.get(level),
            without_model=words[level],
        )
        for level in sorted({*by_level, *planned})
    )


def _tiers(tally: Tally, tiers: Mapping[TierKey, Cell], total: int) -> tuple[TierFigures, ...]:
    """Lists tiers by level; requests without an answer come last."""
    ordered = sorted(tiers.items(), key=lambda item: (item[0][0] == 0, item[0]))
    names = tally.by_names()
    return tuple(
        TierFigures(
            tier=tier,
            level=level,
            model=model,
            figures=group_figures(cell, total, cell.moved_on),
            tried=cell.tried,
            own_spend_nano_usd=cell.own_spend_nano_usd,
            names=_dated(names[level, tier, model]),
        )
        for (level, tier, model), cell in ordered
    )


def _dated(by_name: Mapping[str, Cell]) -> tuple[tuple[str, int, int], ...]:
    """Lists the names of one model, the one of most requests first; none where it has one only."""
    if len(by_name) < 2:
        return ()
    ordered = sorted(by_name.items(), key=lambda item: (-item[1].requests, item[0]))
    return tuple((name, cell.requests, cell.spend_nano_usd) for name, cell in ordered)


def _escalated(whole: Whole) -> tuple[ReasonFigures, ...]:
    """Sums by the deciding reason, over requests answered above their policy's lowest level."""
    sums_by_reason: Sums = {}
    for rank, sums in whole.reasons.items():
        if rank > 1:
            add_sums(sums_by_reason, sums)
    return _by_requests(sums_by_reason)


def _by_requests(sums: Sums) -> tuple[ReasonFigures, ...]:
    ordered = sorted(sums.items(), key=lambda item: (-item[1][0], -item[1][2], item[0]))
    return tuple(ReasonFigures(reason, *numbers) for reason, numbers in ordered)


def _all_reasons(whole: Whole, total: Cell) -> tuple[ReasonFigures, ...]:
    """Sums by the deciding reason, over all requests; those without a kept reason have a line."""
    sums_by_reason: Sums = {}
    for sums in whole.reasons.values():
        add_sums(sums_by_reason, sums)
    requests = total.requests - sum(numbers[0] for numbers in sums_by_reason.values())
    spend = total.spend_nano_usd - sum(numbers[1] for numbers in sums_by_reason.values())
    # Rows purged by older versions kept no reasons; the line keeps the sum whole.
    if requests or spend:
        sums_by_reason[NOT_COUNTED] = [requests, spend, requests, spend]
    return _by_requests(sums_by_reason)


def _endings(whole: Whole) -> tuple[EndingFigures, ...]:
    """Lists requests without an answer, the refused ones first."""
    order = list(Ending)
    ordered = sorted(
        ((*ending_parts(name), numbers) for name, numbers in whole.endings.items()),
        key=lambda entry: (order.index(entry[0]), -entry[2][0], entry[1]),
    )
    return tuple(EndingFigures(ending, clean(code), *numbers) for ending, code, numbers in ordered)


def _quality(replies: Replies, passed_on: int, whole: Whole) -> Quality:
    answered, unverified = replies.of(ReplyKind.ANSWER), replies.answer_unverified
    counted_there, spend = whole.unverified
    # Of rows that an older version purged nobody knows what unverified answers cost.
    cost = spend if counted_there == unverified else None
    return Quality(answered, replies.answer_accepted, unverified, passed_on, cost)


def _unknown(total: Cell, whole: Whole) -> UnknownCost:
    """Returns the requests whose cost nobody knows by now: bills made that of some known."""
    return UnknownCost(
        total.unknown_cost,
        tuple(clean(known[1]) for known in whole.named_unknown if known not in whole.named_settled),
        whole.held_unknown_nano_usd,
        tuple((name, n) for name, n in sorted(whole.unknown_afterwards.items()) if n),
        whole.settled,
    )


def _later(bills: Iterable[RequestRow]) -> LaterBills:
    booked = [(bill.created_at_ms, bill.cost_nano_usd) for bill in bills]
    if not booked:
        return LaterBills()
    return LaterBills(len(booked), sum(nano for _, nano in booked), min(booked)[0], max(booked)[0])


def _roles(roles: Sums) -> tuple[RoleFigures, ...]:
    return tuple(RoleFigures(role, *roles[role.value]) for role in Role if role.value in roles)


def _bases(bases: Sums) -> tuple[BasisFigures, ...]:
    return tuple(
        BasisFigures(basis, *bases[basis.value]) for basis in CostBasis if basis.value in bases
    )


def _cache(tiers: Mapping[TierKey, Cell], whole: Whole) -> CacheFigures:
    """Estimates the cost of cache hits, each at the mean of its model's fresh answers.

    10 hits at a model whose 40 fresh requests cost $2.00 are worth $0.50.
    """
    priced, value = 0, 0
    for cell in tiers.values():
        fresh = cell.requests - cell.cache_hits
        if cell.cache_hits and fresh > 0:
            priced += cell.cache_hits
            value += cell.spend_nano_usd * cell.cache_hits // fresh
    replay = Reason.IDEMPOTENT_REPLAY.value
    replays = sum(sums[replay][0] for sums in whole.reasons.values() if replay in sums)
    return CacheFigures(whole.cache_hits, priced, value if priced else None, replays)
