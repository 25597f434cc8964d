"""Computes the dashboard's figures as JSON: newest rows, budgets and the state of every part.

It belongs to the composition root. Each view reads a bounded part of the ledger in a worker thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from router.analysis.alerts import (
    Alert,
    BudgetUse,
    RefusedAtOnce,
    budget_alerts,
    refusal_alerts,
    refused_at_once_alerts,
    traffic_alerts,
    unanswered_alerts,
)
from router.analysis.budget_uses import budget_uses
from router.analysis.last_hour import MINUTES, hour_of
from router.analysis.report.build import Extra, build_report
from router.analysis.report.output.json import report_object
from router.api.compose.core import Core
from router.api.compose.mounted.learning_view import Learning
from router.api.compose.mounted.readiness import WITHHELD, without_details
from router.api.dashboard.answerer_json import figures_of, turns_by_answerer
from router.api.dashboard.overview_json import (
    Json,
    Judged,
    Outcomes,
    alert_json,
    budget_json,
    confidence_json,
    judges_json,
    minute_json,
    page_json,
    reliability_json,
    tiers_json,
)
from router.api.dashboard.snapshots import Snapshots
from router.caches.lru import BoundedMap
from router.ledger.books import overview, refused_at_once
from router.ledger.books.store import SqlLedger
from router.ledger.replies import ReplyKind
from router.ledger.rollups.reading import purged
from router.ledger.rollups.settled import bills_of_before, settled_later
from router.ledger.row_reading import AFTERWARDS
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.tables import policies
from router.ledger.tables.feedback import outcomes
from router.ledger.tables.reviews import failed_waits, waiting
from router.money.budget_check import budget_warnings
from router.money.budgets import WindowKind, window_start
from router.money.days import DAY_MS, MINUTE_MS, utc_day
from router.money.price_book import PriceBook
from router.policy.warnings import PolicyWarning
from router.routing.rungs.rung_plan import RungPlan
from router.types import (
    Clock,
    CostBasis,
    DecisionQuery,
    MinutePrice,
    RefusedCalls,
    RequestRow,
    RequestState,
    ReviewItem,
    Slice,
    TrueOutcome,
    Turn,
    Usage,
)

_Now = tuple[
    tuple[Slice, ...],
    tuple[BudgetUse, ...],
    tuple[RefusedCalls, ...],
    tuple[RefusedAtOnce, ...],
    int,
    int,
]
"""Holds what the view `now` reads; the numbers are of matters that wait, and of costs that bills
settled."""
Waiting = Callable[[str | None], Awaitable[Sequence[ReviewItem]]]
Readiness = Callable[[], tuple[bool, Json]]

LIVE_MS = 1_000.0
"""Sets the life of a live view: several viewers, and one viewer's tabs, share it."""
LEARNT_MS = 5_000.0
"""Sets the life of views of what commands wrote: a dozen small files."""
SLOW_MS = 60_000.0
"""Sets the life of views that read thousands of rows and change little in a minute."""
REPORTED = 10_000
"""Bounds the requests that the savings view reads: about two seconds in a thread of its own."""
CHANGING_MINUTES = 5
"""Sets the minutes that are read again each time.

Rows are dated by their start and written at their end, and no answerer takes longer than its
deadline.
"""
HOURS_KEPT = 64


@dataclass(frozen=True, slots=True)
class _Sealed:
    """Holds the minutes before `until` of a tenant's hour, which change no more."""

    until: int
    slices: tuple[Slice, ...]


class Overview:
    """Computes the views. `tenant` None means all tenants. All methods raise LedgerError."""

    def __init__(
        self,
        core: Core,
        ledger: SqlLedger,
        readiness: Readiness,
        clock: Clock,
        outcomes: Outcomes | None = None,
        waiting: Waiting | None = None,
        rollouts: Callable[[], Sequence[Json]] = list,
    ) -> None:
        self._core = core
        self._ledger = ledger
        self._database = ledger.database
        self._readiness = readiness
        self._clock = clock
        self._outcomes = outcomes
        self._waiting = waiting
        self.alarms = Learning(
            core.settings.state_dir, core.environ, lambda: core.loaded.values(), rollouts
        )
        self._snapshots = Snapshots(clock)
        self._sealed: BoundedMap[str | None, _Sealed] = BoundedMap(
            clock=clock, max_entries=HOURS_KEPT, ttl_ms=3_600_000.0
        )

    async def now(self, tenant: str | None, *, details: bool) -> Json:
        """Returns the last hour by minute and tier, budgets, and alerts."""
        # Minutes are counted from the epoch, so all viewers share the same ones.
        last = self._clock.now_ms() // MINUTE_MS
        # Most of the hour is known from the last view; only its end is read again.
        sealed = self._sealed.get(tenant)
        slices, budgets, refused, at_once, matters, settled = await self._snapshots.get(
            ("now", tenant), LIVE_MS, lambda: self._read_now(last, sealed, tenant)
        )
        self._seal(tenant, last, slices)
        runtimes = self._core.router.runtimes.items()
        levels = {policy: {plan.facts.level for plan in r.plans} for policy, r in runtimes}
        lowest = {policy: min(own, default=1) for policy, own in levels.items()}
        hour = hour_of(slices, last, overview.bucket_ms, lowest, settled)
        facts = {plan.facts.name: plan.facts for plan in self._plans()}
        alerts = [
            *self._part_alerts(details=details),
            *self._unwise_budgets(tenant),
            *budget_alerts(budgets),
            *refusal_alerts(refused, budgets, facts),
            *refused_at_once_alerts(at_once),
            *traffic_alerts(hour),
            *unanswered_alerts(hour, matters),
        ]
        return {
            "minutes": [minute_json(minute) for minute in hour.minutes],
            "hour": minute_json(hour.whole),
            # Answers above it are escalated; null where served policies differ in it.
            "lowest_level": hour.lowest_level,
            "single_level": all(len(own) == 1 for own in levels.values()),
            "refused_at_once": sum(one.requests for one in at_once),  # they have no row
            "waiting": matters,  # for a person's verdict, whenever they came
            "tiers": tiers_json(hour),
            "budgets": [budget_json(use) for use in budgets],
            "alerts": [alert_json(alert) for alert in alerts],
        }

    def _read_now(self, last: int, sealed: _Sealed | None, tenant: str | None) -> _Now:
        first = last - MINUTES + 1
        kept = tuple(s for s in sealed.slices if s.minute >= first) if sealed else ()
        begin = max(first, sealed.until) if sealed else first
        read = overview.slices(self._database, begin * MINUTE_MS, (last + 1) * MINUTE_MS, tenant)
        refused = overview.refused_calls(self._database, first * MINUTE_MS, tenant)
        counts = refused_at_once.kept(self._database, first)
        at_once = [RefusedAtOnce(*who, count) for who, count in counts.items()]
        mine = tuple([one for one in at_once if tenant in (None, one.tenant)])
        matters = waiting(self._database, None, None, tenant)
        slices, budgets = (*kept, *read), self._budgets(last * MINUTE_MS, tenant)
        settled = self._settled(slices, first, last, tenant)
        return slices, budgets, refused, mine, matters, settled

    def _settled(self, slices: Sequence[Slice], first: int, last: int, tenant: str | None) -> int:
        """Counts the hour's requests of unknown cost that bills have made known since."""
        # Bills are many and such requests few, so bills are read only where there is one.
        if not any(part.state is RequestState.UNKNOWN_COST for part in slices):
            return 0
        since_ms, until_ms = first * MINUTE_MS, (last + 1) * MINUTE_MS
        rows = settled_later(self._database, since_ms, until_ms, tenant)
        unknown = [row for row in rows if row.state is RequestState.UNKNOWN_COST]
        return sum(row.endpoint not in AFTERWARDS for row in unknown)

    def _seal(self, tenant: str | None, last: int, slices: Sequence[Slice]) -> None:
        """Keeps the minutes that are old enough and have no open request, so they are read once."""
        open_from = min((s.minute for s in slices if s.state.value == "open"), default=last)
        until = min(last - CHANGING_MINUTES, open_from)
        self._sealed.put(tenant, _Sealed(until, tuple(s for s in slices if s.minute < until)))

    def _budgets(self, now_ms: int, tenant: str | None) -> tuple[BudgetUse, ...]:
        """Returns spend and budget of the windows that run now, including those without a limit.

        A default (`*`) appears under each tenant or key that it holds for and that has spent.
        """
        starts = {kind.value: window_start(kind, now_ms) for kind in WindowKind}
        spending = overview.budget_windows(self._database, starts, tenant)
        # Budgets are those of the default policy, for all tenants.
        policy = self._core.loaded[self._core.default].policy
        named = {name for name in policy.budgets if name != "*"} if tenant is None else {tenant}
        return budget_uses(spending, self._core.budget_of, named, tenant)

    async def decisions(self, query: DecisionQuery) -> Json:
        """Returns a page of decisions, newest first, and the choices of its filters."""
        page = await self._snapshots.get(
            ("decisions", query), LIVE_MS, lambda: overview.decisions(self._database, query)
        )
        return {**page_json(page, query), "choices": {"tiers": self._tiers()}}

    async def decision(self, request_id: str, tenant: str | None) -> RequestRow | None:
        """Returns one request in full; None when that tenant has none of this id."""
        return await self._ledger.get(request_id, tenant)

    def _tiers(self) -> list[str]:
        levels = {plan.facts.tier: plan.facts.level for plan in self._plans()}
        return sorted(levels, key=lambda name: (levels[name], name))

    async def savings(self, days: int, tenant: str | None) -> Json:
        """Returns the report's figures over the newest requests of the last days, at most
        `REPORTED`.

        `complete` is false where there were more. `covers_since_ms` is the start of the time that
        the figures cover. `purged` counts the requests of those days that were purged, at most.
        """
        since_ms = self._clock.now_ms() - days * DAY_MS
        key = ("savings", days, tenant)
        return await self._snapshots.get(key, SLOW_MS, lambda: self._report(since_ms, tenant))

    def _report(self, since_ms: int, tenant: str | None) -> Json:
        # The bound keeps the newest requests, and the answer tells since when.
        begin = overview.newest_since(self._database, since_ms, tenant, REPORTED)
        rows = reading.rows(self._database, since_ms=begin or since_ms, tenant=tenant)
        lost = purged(self._database, since_ms, None, tenant)
        now_ms = self._clock.now_ms()
        config = self._core.loaded[self._core.default].policy.report
        report = build_report(
            rows,
            config=config,
            since_ms=begin or since_ms,
            until_ms=None,
            now_ms=now_ms,
            extra=Extra(
                policy_text=lambda policy_hash: policies.policy_content(
                    self._database, policy_hash
                ),
                minute_price=lambda policy_hash: self._minute_price(policy_hash, now_ms),
                # A headline without the answers that people called wrong would hide them.
                outcomes=outcomes(self._database, since_ms=begin or since_ms, tenant=tenant),
                waiting=waiting(self._database, begin or since_ms, None, tenant),
                waiting_failed=failed_waits(self._database, begin or since_ms, None, tenant),
                settled=settled_later(self._database, begin or since_ms, None, tenant),
                of_before=bills_of_before(self._database, begin or since_ms, None, tenant),
                lost=lost,
                by_rows=True,
            ),
        )
        coverage = {
            "complete": begin is None,
            "purged": lost,
            "covers_since_ms": begin or since_ms,
            "most": REPORTED,
        }
        return {**coverage, "report": report_object(report)}

    def _minute_price(self, policy_hash: str, now_ms: int) -> MinutePrice | None:
        """Returns what a person's minute costs by a policy that is served. Raises LookupError."""
        for loaded in self._core.loaded.values():
            if loaded.hash == policy_hash:
                return PriceBook.of(loaded, utc_day(now_ms)).reviewer_minute()
        raise LookupError(policy_hash)

    async def confidence(self, days: int, tenant: str | None) -> Json:
        """Returns answers' confidence by tier, and how often people found confident
        answers right.
        """
        since_ms = self._clock.now_ms() - days * DAY_MS
        key = ("confidence", days, tenant)
        return await self._snapshots.get(key, SLOW_MS, lambda: self._sure(since_ms, tenant))

    def _sure(self, since_ms: int, tenant: str | None) -> Json:
        samples, requests = overview.samples(self._database, since_ms, tenant)
        outcomes = self._outcomes(since_ms, tenant) if self._outcomes else ()
        return {
            "since_ms": since_ms,
            "requests": requests,
            "most": overview.SCANNED,
            "tiers": confidence_json(sample for sample in samples if not sample.asks),
            "questions": confidence_json(sample for sample in samples if sample.asks),
            "reliability": reliability_json(outcomes),
            "judges": judges_json(outcomes),
        }

    async def learning(self, tenant: str | None) -> Json:
        """Returns the queue of reviews, and for all tenants what was learnt from them."""
        waiting = [] if self._waiting is None else await self._waiting(tenant)
        return await self._snapshots.get(
            ("learning", tenant), LEARNT_MS, lambda: self.alarms.learning(waiting, tenant)
        )

    async def drift(self, tenant: str | None) -> Json:
        """Returns the alarms of each policy, and the values of the last look."""
        return await self._snapshots.get(
            ("drift", tenant), LEARNT_MS, lambda: self.alarms.drift(tenant)
        )

    async def health(self, tenant: str | None, *, details: bool) -> Json:
        """Returns the state of every part and, per answerer, the results of its recent calls."""
        since_ms = self._clock.now_ms() - MINUTES * MINUTE_MS
        turns = await self._snapshots.get(
            ("health", tenant), LIVE_MS, lambda: overview.turns(self._database, since_ms, tenant)
        )
        ready, parts = self._readiness()
        by_answerer = turns_by_answerer(turns)
        health = {
            "ready": ready,
            **parts,
            "answerers": [
                self._answerer(policy, plan, by_answerer.get((policy, plan.facts.name), ()))
                for policy, runtime in self._core.router.runtimes.items()
                for plan in runtime.plans
            ],
        }
        return health if details else without_details(health)

    def _answerer(self, policy: str, plan: RungPlan, turns: Sequence[Turn]) -> Json:
        facts, status = plan.facts, plan.answerer.status()
        return {
            "policy": policy,
            "answerer": facts.name,
            "tier": facts.tier,
            "level": facts.level,
            "kind": facts.kind,
            "model": facts.model,
            "state": status.state.value,
            "detail": status.detail,
            "untried": status.untried,
            "price_known": _price_known(plan),
            **figures_of(turns),
        }

    def _plans(self) -> Iterable[RungPlan]:
        for runtime in self._core.router.runtimes.values():
            yield from runtime.plans

    def limits_now(self) -> tuple[BudgetUse, ...]:
        """Returns the windows that have a limit and run now, for metrics; blocks."""
        now_ms = self._clock.now_ms()
        return tuple(u for u in self._budgets(now_ms, None) if u.limit_nano_usd is not None)

    def budget_warnings(self) -> list[PolicyWarning]:
        """Returns warnings about the default policy's present budgets, as `tiergate check` does."""
        router = self._core.router
        facts = [plan.facts for plan in router.default.plans]
        return budget_warnings(router.default.policy, facts)

    def _unwise_budgets(self, tenant: str | None) -> list[Alert]:
        """Returns alerts about budgets of all tenants, or of the tenant's own."""
        # A tenant may not see what others may spend.
        own = f"budgets.{tenant}."
        return [
            Alert("warn", w.kind.value, w.key_path, f"{w.key_path}: {w.message}.")
            for w in self.budget_warnings()
            if tenant is None or w.key_path.startswith(own)
        ]

    def _part_alerts(self, *, details: bool) -> list[Alert]:
        """Returns alerts about triage, ledger, answerers, prices and policies that are not well."""

        def told(detail: str) -> str:
            return detail if details else WITHHELD

        alerts = []
        if not self._ledger.healthy:
            message = f"The ledger cannot be written: {told(self._ledger.fault)}"
            alerts.append(Alert("bad", "ledger_failing", "", message))
        if self._core.engine.degraded:
            because = self._core.degraded_because or "the model failed"
            message = f"Triage is degraded, only rules decide: {told(because)}"
            alerts.append(Alert("bad", "triage_degraded", "", message))
        # Policies may share an answerer, which needs one alert only.
        seen = set[str]()
        for plan in self._plans():
            name, status = plan.facts.name, plan.answerer.status()
            if name in seen:
                continue
            seen.add(name)
            state = status.state.value
            if state != "ready":
                message = f"{name} ({plan.facts.tier}) is {state.replace('_', ' ')}"
                message += f": {told(status.detail)}" if status.detail else "."
                level = "note" if state == "loading" else "bad"
                alerts.append(Alert(level, "tier_not_ready", name, message))
            if not _price_known(plan):
                message = f"The price of {name} is unknown: its calls are in no sum of money."
                alerts.append(Alert("warn", "price_unknown", name, message))
        return alerts


def _price_known(plan: RungPlan) -> bool:
    if not plan.may_spend_outside:
        return True
    usage = Usage(input_tokens=1, output_tokens=1)
    return plan.would_cost(usage).basis is not CostBasis.UNKNOWN


def judged_in(database: Database) -> Callable[[int, str | None], list[Judged]]:
    """Returns what reads the confidence of answers that somebody judged, and if they were right."""

    def judged(since_ms: int, tenant: str | None) -> list[Judged]:
        return [
            Judged(outcome.confidence, outcome.correct, *_judge_of(outcome), outcome.on_prior)
            for outcome in outcomes(database, since_ms=since_ms, tenant=tenant, with_sources=True)
            if outcome.confidence is not None and outcome.correct is not None
            if outcome.reply != ReplyKind.QUESTION  # its chance is that of what was meant
        ]

    return judged


def _judge_of(outcome: TrueOutcome) -> tuple[str, bool]:
    """Returns the judge of an answer with its rubric, and if it passed; "" without a verdict."""
    note = outcome.judged
    if note is None or note.score is None:
        return "", False
    return f"{note.judge} with {note.rubric}", not note.low
