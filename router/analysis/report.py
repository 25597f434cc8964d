"""From the ledger's rows to a report: what was spent, where, why, and against what it saved.

`build_report` is pure and passes over the rows once; memory is bounded by the number of tiers,
domains and reasons, not of rows. Percentiles come from logarithmic buckets, within 1 % of the exact
order statistic (`quantiles`); savings carry a 95 % interval by the central limit theorem on paired
differences (`savings`). How it looks is the renderers' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from router.analysis.figures import (
    BasisFigures,
    Counts,
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
)
from router.analysis.tallies import GroupTally, SavingTally, Tally
from router.analysis.wording import clean, count, day, percent, saved_percent, signed_usd, usd
from router.policy import ReportSection
from router.types import CostBasis, RequestRow, RequestState, Role, Verdict

HEADLINE_ORDER = ("requested_model", "all_level_2", "all_level_3")
"""The headline names the first of these that most answered requests can be compared with: what
would have been paid comes before what might have been, and level 2 before the dearer level 3."""


def build_report(
    rows: Iterable[RequestRow],
    *,
    config: ReportSection,
    since_ms: int | None,
    until_ms: int | None,
    now_ms: int,
) -> Report:
    """The report over the rows that were created in [since_ms, until_ms).

    `config` is the policy's `report` section: planned shares, and the names behind the baselines.
    Rows outside the period are passed over. 1,000 requests at a list price of $0.01, 40 at $0.50
    and 5 at $5.00 give a spend of $55.00 and, against all at level 3 ($5,225.00), 98.9 % saved.
    """
    tally = Tally(min(config.planned_shares, default=1))
    for row in rows:
        late = until_ms is not None and row.created_at_ms >= until_ms
        early = since_ms is not None and row.created_at_ms < since_ms
        if not (late or early):
            tally.add(row)
    period = Period(since_ms, until_ms, tally.first_row_ms, tally.last_row_ms, now_ms)
    savings = _savings(tally, config)
    whole = tally.whole.figures(tally.whole.requests)
    return Report(
        headline=_headline(tally, period, savings),
        period=period,
        counts=_counts(tally),
        spend_nano_usd=whole.spend_nano_usd,
        discarded_nano_usd=sum(role.discarded_spend for role in tally.roles.values()),
        unattributed_nano_usd=whole.spend_nano_usd - tally.attempt_spend,
        p50_ms=whole.p50_ms,
        p95_ms=whole.p95_ms,
        levels=_levels(tally, config.planned_shares),
        tiers=_tiers(tally),
        domains=_named(tally.domains, tally.whole.requests),
        request_types=_named(tally.request_types, tally.whole.requests),
        reasons=_reasons(tally),
        roles=_roles(tally),
        bases=_bases(tally),
        savings=savings,
        unknown=UnknownCost(
            whole.unknown_cost,
            tuple(tally.named_unknown),
            tally.held_unknown,
        ),
        provider=tally.provider.figures(),
        assumptions=_assumptions(tally, config, savings),
        notes=_notes(tally),
    )


# --- the parts ---------------------------------------------------------------------------------


def _counts(tally: Tally) -> Counts:
    return Counts(
        requests=tally.whole.requests,
        states=tuple(
            (state.value, tally.states[state.value])
            for state in RequestState
            if tally.states[state.value]
        ),
        verdicts=tuple(sorted(tally.verdicts.items(), key=lambda item: (-item[1], item[0]))),
        escalated=tally.whole.escalated,
        reviews=tally.reviews,
        cache_hits=tally.cache_hits,
        observed=tally.observed,
    )


def _levels(tally: Tally, planned: Mapping[int, float]) -> tuple[LevelShare, ...]:
    total = tally.levels.total()
    return tuple(
        LevelShare(
            level=level,
            requests=tally.levels[level],
            share=tally.levels[level] / total if total else 0.0,
            planned=planned.get(level),
        )
        for level in sorted({*tally.levels, *planned})
    )


def _tiers(tally: Tally) -> tuple[TierFigures, ...]:
    """By level; requests without an answer come last."""
    ordered = sorted(tally.tiers.items(), key=lambda item: (item[0][0] == 0, item[0]))
    return tuple(
        TierFigures(
            tier=tier,
            level=level,
            model=model,
            figures=group.figures(tally.whole.requests),
            tried=group.tried,
            own_spend_nano_usd=group.own_spend,
        )
        for (level, tier, model), group in ordered
    )


def _named(groups: Mapping[str, GroupTally], total: int) -> tuple[NamedFigures, ...]:
    ordered = sorted(groups.items(), key=lambda item: (-item[1].requests, item[0]))
    return tuple(NamedFigures(name, group.figures(total)) for name, group in ordered)


def _reasons(tally: Tally) -> tuple[ReasonFigures, ...]:
    ordered = sorted(
        tally.reasons.items(),
        key=lambda item: (-item[1].first_requests, -item[1].any_requests, item[0]),
    )
    return tuple(
        ReasonFigures(reason, r.first_requests, r.first_spend, r.any_requests, r.any_spend)
        for reason, r in ordered
    )


def _roles(tally: Tally) -> tuple[RoleFigures, ...]:
    return tuple(
        RoleFigures(role, r.attempts, r.spend, r.discarded, r.discarded_spend)
        for role in Role
        if (r := tally.roles.get(role)) is not None
    )


def _bases(tally: Tally) -> tuple[BasisFigures, ...]:
    return tuple(
        BasisFigures(basis, *tally.bases[basis]) for basis in CostBasis if basis in tally.bases
    )


def _savings(tally: Tally, config: ReportSection) -> tuple[Saving, ...]:
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
    return tuple(_saving(key, labels[key], group) for key, group in tally.savings.items())


def _saving(key: str, label: str, group: SavingTally) -> Saving:
    """The sums of one baseline; all unknown where not one answered request could be compared."""
    pairs, some = group.pairs, group.compared > 0
    return Saving(
        key=key,
        label=label,
        compared=group.compared,
        not_compared=group.not_compared,
        without_answer=group.without_answer,
        baseline_nano_usd=pairs.baseline_nano_usd if some else None,
        own_nano_usd=pairs.own_nano_usd if some else None,
        saved_nano_usd=pairs.saved_nano_usd if some else None,
        saved_interval=pairs.saved_interval() if some else None,
        saved_share=pairs.saved_share() if some else None,
        share_interval=pairs.share_interval() if some else None,
    )


# --- the words ---------------------------------------------------------------------------------


def _headline(tally: Tally, period: Period, savings: tuple[Saving, ...]) -> str:
    """One or two sentences for the person who pays."""
    total = tally.whole.requests
    if total == 0:
        return (
            "No requests in this period: nothing was spent and nothing can be said about savings."
        )
    first, last = day(period.first_row_ms), day(period.last_row_ms)
    when = f"On {first}" if first == last else f"From {first} to {last}"
    requests = "1 request" if total == 1 else f"{count(total)} requests"
    spent = f"{when}, {requests} cost {usd(tally.whole.spend)}"
    if tally.whole.unknown_cost:
        spent += f", {count(tally.whole.unknown_cost)} of them at a cost that is not known"
    chosen = _headline_saving(savings)
    if chosen is None or chosen.saved_nano_usd is None:
        return f"{spent}. No baseline has a known price, so nothing can be said about savings."
    return f"{spent}. {_compared(chosen, total)}"


def _headline_saving(savings: tuple[Saving, ...]) -> Saving | None:
    by_key = {saving.key: saving for saving in savings}
    ordered = [by_key[key] for key in HEADLINE_ORDER]
    most = next((s for s in ordered if s.compared > s.not_compared), None)
    return most or next((s for s in ordered if s.compared), None)


def _compared(saving: Saving, total: int) -> str:
    assert saving.saved_nano_usd is not None
    scope = "" if saving.compared == total else f" over the {count(saving.compared)} answered"
    if saving.compared and saving.not_compared:
        scope = f" over the {count(saving.compared)} that can be compared"
    label = {
        "requested_model": "the models the clients asked for",
        "all_level_2": "answering everything at level 2",
        "all_level_3": "answering everything at level 3",
    }[saving.key]
    against = f"Against {usd(saving.baseline_nano_usd)} for {label}{scope}, routing"
    amount = usd(abs(saving.saved_nano_usd))
    if saving.saved_nano_usd < 0:
        return f"{against} cost {amount} more{_share_of(saving, -1)}."
    return f"{against} saved {amount}{_share_of(saving, 1)}."


def _share_of(saving: Saving, sign: int) -> str:
    """ " (59.2 %; 95 % interval 46.8 % to 71.7 %)"; `sign` -1 writes a loss without its minus."""
    if saving.saved_share is None:
        return ""
    share = saved_percent(saving.saved_share)
    ends: tuple[float, ...] = ()
    if saving.share_interval is not None:
        ends = (saving.share_interval.low, saving.share_interval.high)
    shown = [saved_percent(end) for end in ends]
    if sign < 0:
        share = share.lstrip("-")
        shown = [percent(-end) for end in reversed(ends)]
    between = f"; 95 % interval {shown[0]} to {shown[1]}" if shown else ""
    return f" ({share}{between})"


def _assumptions(
    tally: Tally, config: ReportSection, savings: tuple[Saving, ...]
) -> tuple[str, ...]:
    """What the savings rest on; printed under their table."""
    calls = {basis: tally.bases.get(basis, (0, 0))[0] for basis in CostBasis}
    lines = [
        "Every baseline is priced at the token counts of the answer that was returned; another "
        "model would have used more or fewer.",
        "Own cost includes discarded drafts, retries, checks and deliberation steps. A failed "
        "request counts with its cost and a baseline of nothing.",
        f"Costs by basis: {count(calls[CostBasis.LIST_PRICE])} calls at a stated list price, "
        f"{count(calls[CostBasis.TOKEN_PRICE])} at token prices, "
        f"{count(calls[CostBasis.OWN_COMPUTE])} by own compute, "
        f"{count(calls[CostBasis.UNKNOWN])} at an unknown price.",
        "Intervals: 95 %, central limit theorem on paired differences, requests taken as "
        "independent; none below 30 requests, rough while few requests carry most of the cost.",
    ]
    if calls[CostBasis.LIST_PRICE]:
        lines.append(
            "A stated list price is what the policy says an answer costs, not what was invoiced."
        )
    if config.people_usd_per_request is None:
        lines.append("No price for people is stated (report.people_usd_per_request).")
    else:
        lines.append(
            f"People are priced at the stated ${config.people_usd_per_request:,.2f} a request, "
            "whatever the request."
        )
    partly = [s for s in savings if s.compared and s.not_compared]
    if partly:
        each = "; ".join(f"{s.label}: {count(s.not_compared)}" for s in partly)
        lines.append(
            "Answered requests that could not be compared, because the baseline's price or the "
            f"own cost is unknown or a retry got its first answer again: {each}."
        )
    return tuple(lines)


def provider_line(told: ProviderFigures) -> str:
    """What providers say their calls cost, beside what is booked at our prices."""
    return (
        f"Calls whose provider told their cost: {count(told.calls)}. They cost "
        f"{usd(told.reported_nano_usd)} by the providers and {usd(told.booked_nano_usd)} by our "
        f"prices, as booked; difference {signed_usd(told.difference_nano_usd)}."
    )


def _notes(tally: Tally) -> tuple[str, ...]:
    """What the reader must know to read the figures rightly."""
    notes = [
        "Savings hold at the quality that this report states, and no further: the share of wrong "
        "answers is unknown unless feedback was given. Even a perfect choice of model at a strong "
        "model's accuracy saves what the traffic allows, not a fixed figure.",
    ]
    unverified = tally.verdicts[Verdict.UNVERIFIED.value]
    safe = tally.verdicts[Verdict.SAFE_ANSWER.value]
    if unverified or safe or tally.reviews:
        notes.append(
            f"{count(unverified)} answers went out marked unverified, {count(safe)} were approved "
            f"safe answers, {count(tally.reviews)} requests wait for or had a review by "
            "people, whose time is in no figure above."
        )
    if tally.observed:
        notes.append(
            f"{count(tally.observed)} requests were observed only: the requested model answered."
        )
    if tally.cache_hits:
        notes.append(f"{count(tally.cache_hits)} requests were repeats, answered from cache.")
    if tally.states[RequestState.OPEN.value]:
        notes.append(
            f"{count(tally.states[RequestState.OPEN.value])} requests are still open and in no "
            f"figure above; they hold {usd(tally.open_held)}."
        )
    if tally.provider.calls:
        notes.append(provider_line(tally.provider.figures()))
    if tally.whole.spend != tally.attempt_spend:
        notes.append(
            f"{usd(tally.whole.spend - tally.attempt_spend)} of the spend is explained by no "
            "attempt; run `tiergate ledger verify`."
        )
    return tuple(notes)
