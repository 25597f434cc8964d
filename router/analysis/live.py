"""Summarises the last hour minute by minute, and finds what deserves attention. It is pure.

Sums come from the ledger's rows as the store added them up (`types.Slice`). A row that is still
open counts as open and with its hold, so the last minutes may still change.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from router.money.budget_check import USUAL
from router.money.budgets import BudgetScope
from router.money.cost import output_that_fits
from router.types import AnswererFacts, RefusedCalls, RequestState, Slice, exact_usd

MINUTES = 60
RECENT = 10
"""Counts the minutes compared with the ones before: enough for a z-test, soon enough to act."""
LEAST_REQUESTS = 20
"""Sets the requests that each side needs: fewer say nothing about a share; 2 of 5 is no jump."""
JUMP_Z = 3.0
JUMP_SHARE = 0.10
"""Requires a jump to be unlikely by chance (z of 3: one hour in seven hundred) and large."""
FAILING_SHARE = 0.05
LEAST_FAILURES = 3
NEARLY_SPENT = 0.80

Middle = Callable[[int], float]
"""Returns the duration in ms that represents a latency bucket."""


@dataclass(slots=True)
class Minute:
    """Counts one minute of the hour."""

    minute: int
    requests: int = 0
    open: int = 0
    failed: int = 0
    refused: int = 0  # by a limit; this is not a failure
    escalated: int = 0  # answered above level 1, as the report counts it
    climbed: int = 0  # after an answer that was not good enough
    spend_nano_usd: int = 0
    by_tier: dict[str, int] = field(default_factory=dict)
    p50_ms: float | None = None
    p95_ms: float | None = None


@dataclass(frozen=True, slots=True)
class TierNow:
    """Sums what one tier answered in the hour."""

    tier: str
    level: int
    requests: int
    spend_nano_usd: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Hour:
    """Holds the last hour: its minutes (oldest first, none missing), its tiers, and the whole."""

    minutes: tuple[Minute, ...]
    tiers: tuple[TierNow, ...]
    whole: Minute
    unknown_cost: int  # requests whose cost is not known, booked at what they held


def hour_of(slices: Iterable[Slice], last_minute: int, middle: Middle) -> Hour:
    """Returns the hour that ends with `last_minute` (since the epoch), which is not over yet."""
    first = last_minute - MINUTES + 1
    minutes = {number: Minute(number) for number in range(first, last_minute + 1)}
    whole, unknown = Minute(last_minute), 0
    latencies: defaultdict[object, dict[int, int]] = defaultdict(dict)
    tiers: defaultdict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for part in slices:
        # Slices outside the hour are not counted.
        minute = minutes.get(part.minute)
        if minute is None:
            continue
        _count(minute, part)
        _count(whole, part)
        if part.state is RequestState.UNKNOWN_COST:
            unknown += part.requests
        # Open and failed requests have no answer, so no tier and no latency.
        if part.state in (RequestState.OPEN, RequestState.FAILED):
            continue
        tier = (part.level, part.tier)
        tiers[tier][0] += part.requests
        tiers[tier][1] += part.spend_nano_usd
        # One pass counts the minute, the tier and the whole hour (None).
        for key in (minute.minute, tier, None):
            counts = latencies[key]
            counts[part.bucket] = counts.get(part.bucket, 0) + part.requests
    for minute in (*minutes.values(), whole):
        key = None if minute is whole else minute.minute
        minute.p50_ms = quantile(latencies[key], 0.5, middle)
        minute.p95_ms = quantile(latencies[key], 0.95, middle)
    return Hour(
        tuple(minutes.values()),
        tuple(
            TierNow(
                name,
                level,
                requests,
                spend,
                quantile(latencies[level, name], 0.5, middle),
                quantile(latencies[level, name], 0.95, middle),
            )
            for (level, name), (requests, spend) in sorted(tiers.items())
        ),
        whole,
        unknown,
    )


def _count(minute: Minute, part: Slice) -> None:
    minute.requests += part.requests
    minute.escalated += part.escalated
    minute.climbed += part.climbed
    minute.spend_nano_usd += part.spend_nano_usd
    if part.state is RequestState.OPEN:
        minute.open += part.requests
    elif part.state is RequestState.FAILED:
        # The ledger books refused requests as failed; people see them apart.
        minute.failed += part.requests - part.refused
        minute.refused += part.refused
    else:
        minute.by_tier[part.tier] = minute.by_tier.get(part.tier, 0) + part.requests


def quantile(counts: Mapping[int, int], q: float, middle: Middle) -> float | None:
    """Returns the duration below which a share q of the counts lies, by bucket; None if empty.

    >>> quantile({3: 50, 9: 49, 20: 1}, 0.5, float), quantile({3: 50, 9: 49, 20: 1}, 0.95, float)
    (3.0, 9.0)
    """
    rank, seen = max(1, math.ceil(q * sum(counts.values()))), 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= rank:
            return middle(bucket)
    return None


@dataclass(frozen=True, slots=True)
class Alert:
    """Describes a matter to look at; `code` is stable, for machines; `subject` names its owner."""

    level: str  # bad | warn | note
    code: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """Holds the money that a scope spent and holds in one window, in nano-dollars."""

    scope: BudgetScope
    kind: str  # minute | hour | day | month
    spent_nano_usd: int
    held_nano_usd: int
    limit_nano_usd: int | None

    @property
    def share(self) -> float | None:
        """Returns spent plus held as a share of the limit; None without a limit.

        A limit of 0 is used up.
        """
        if self.limit_nano_usd is None:
            return None
        used = self.spent_nano_usd + self.held_nano_usd
        return used / self.limit_nano_usd if self.limit_nano_usd else 1.0


def budget_alerts(budgets: Iterable[BudgetUse]) -> list[Alert]:
    """Returns an alert for each budget of which 80 % or more is used."""
    alerts = []
    for use in budgets:
        share = use.share
        if share is None or share < NEARLY_SPENT:
            continue
        spent = share >= 1.0
        state = "is used up: paid tiers are refused" if spent else f"is used to {_percent(share)}"
        alerts.append(
            Alert(
                "bad" if spent else "warn",
                "budget_spent" if spent else "budget_nearly_spent",
                str(use.scope),
                f"The budget of {use.scope} for this {use.kind} {state}.",
            )
        )
    return alerts


def refusal_alerts(
    refused: Iterable[RefusedCalls],
    budgets: Iterable[BudgetUse],
    facts: Mapping[str, AnswererFacts],
) -> list[Alert]:
    """Returns an alert for each tenant and answerer whose calls budgets refused in the last hour.

    If even a whole budget cannot hold the least of them, it states how much output would fit.
    """
    tightest: dict[str, int] = {}
    for use in budgets:
        others = use.scope.key_id or use.scope.policy or use.scope.tier
        if use.limit_nano_usd is not None and not others:  # it limits every call of the tenant
            limit = tightest.get(use.scope.tenant, use.limit_nano_usd)
            tightest[use.scope.tenant] = min(limit, use.limit_nano_usd)
    alerts = []
    for calls in refused:
        # A tenant's calls are bound by its own budget and by the one for everybody ("").
        whole = min((tightest[t] for t in (calls.tenant, "") if t in tightest), default=None)
        # If even the smallest call exceeds a whole budget, waiting cannot help.
        never = whole is not None and calls.least_held_nano_usd > whole
        count = f"{calls.requests} request{'' if calls.requests == 1 else 's'}"
        message = (
            f"Budgets refused {count} of {calls.tenant} to {calls.answerer} in the last hour: the "
            f"worst case of a call was up to ${exact_usd(calls.most_held_nano_usd)}."
        )
        if never and whole is not None:
            message += f" Waiting does not help: the whole budget is ${exact_usd(whole)}."
            answerer = facts.get(calls.answerer)
            most = None if answerer is None else output_that_fits(answerer, USUAL, whole)
            if most:
                message += f" It holds a max_tokens of at most {most} for a short request."
        code = "calls_never_fit" if never else "calls_refused"
        alerts.append(Alert("bad" if never else "warn", code, calls.tenant, message))
    return alerts


def traffic_alerts(hour: Hour) -> list[Alert]:
    """Finds failures, unknown costs and a jump of the escalation rate."""
    alerts = []
    recent, before = hour.minutes[-RECENT:], hour.minutes[:-RECENT]
    failed, requests = _sum(recent, "failed"), _done(recent)
    # Both bounds: one failure of two is no news, nor are three of a thousand.
    if failed >= LEAST_FAILURES and failed >= FAILING_SHARE * requests:
        alerts.append(
            Alert(
                "bad",
                "requests_failing",
                "",
                f"{failed} of {requests} requests of the last {RECENT} minutes failed.",
            )
        )
    if hour.unknown_cost:
        single = hour.unknown_cost == 1
        alerts.append(
            Alert(
                "warn",
                "unknown_cost",
                "",
                f"The cost of {hour.unknown_cost} request{'' if single else 's'} of the last hour "
                f"is not known; {'it counts' if single else 'they count'} at the worst case.",
            )
        )
    now, past = _sum(recent, "escalated"), _sum(before, "escalated")
    requests, past_requests = _done(recent), _done(before)
    if jumped(now, requests, past, past_requests):
        alerts.append(
            Alert(
                "warn",
                "escalations_jumped",
                "",
                f"{_percent(now / requests)} of requests went above level 1 in the last {RECENT} "
                f"minutes, after {_percent(past / past_requests)} in the "
                f"{MINUTES - RECENT} before.",
            )
        )
    return alerts


def jumped(now: int, requests: int, past: int, past_requests: int) -> bool:
    """Returns True when the share rose by ten points and by more than chance explains.

    It is a two-proportion z-test with the pooled share. 20 of 40 after 20 of 200: z = 6.1.

    >>> jumped(20, 40, 20, 200), jumped(6, 40, 20, 200), jumped(10, 19, 0, 200)
    (True, False, False)
    """
    if min(requests, past_requests) < LEAST_REQUESTS:
        return False
    rise = now / requests - past / past_requests
    pooled = (now + past) / (requests + past_requests)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / requests + 1 / past_requests))
    return rise >= JUMP_SHARE and spread > 0 and rise / spread >= JUMP_Z


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _done(minutes: Sequence[Minute]) -> int:
    # Open requests have no outcome yet, so they are in no share.
    return _sum(minutes, "requests") - _sum(minutes, "open")


def _sum(minutes: Sequence[Minute], name: str) -> int:
    return sum(getattr(minute, name) for minute in minutes)


BINS = 20


@dataclass(slots=True)
class Bin:
    """Counts answers whose confidence lies in one twentieth of 0..1."""

    requests: int = 0
    escalated: int = 0


def bin_of(confidence: float) -> int:
    """Returns the index of a confidence among 20 bins: 0.05 begins the second, 1.0 is in the last.

    >>> bin_of(0.0), bin_of(0.05), bin_of(0.95), bin_of(1.0)
    (0, 1, 19, 19)
    """
    # The small addition keeps sums of decimals in their bin: 0.39999999999999997 counts as 0.4.
    return min(max(int(confidence * BINS + 1e-9), 0), BINS - 1)
