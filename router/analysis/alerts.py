"""Finds what deserves attention: used budgets, refused calls, failures and jumps. It is pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from router.analysis.last_hour import MINUTES, Hour, Minute
from router.money.budget_check import USUAL
from router.money.budgets import BudgetScope
from router.money.cost import output_that_fits
from router.types import AnswererFacts, RefusedCalls, exact_usd

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


@dataclass(frozen=True, slots=True)
class RefusedAtOnce:
    """Counts requests of a key that one limit refused without a row."""

    tenant: str
    key_id: str
    limit: str  # requests_per_minute, tokens_per_minute, max_cost_usd
    requests: int


MOST_LIMITS = 3
"""Keys and limits that one alert names, the most frequent first."""


def refused_at_once_alerts(refused: Iterable[RefusedAtOnce]) -> list[Alert]:
    """Returns one alert for each tenant with requests that were refused without a row.

    It names the keys and the limits with the most refusals first.
    """
    by_tenant: dict[str, list[RefusedAtOnce]] = {}
    for one in refused:
        by_tenant.setdefault(one.tenant, []).append(one)
    alerts = []
    for tenant, several in by_tenant.items():
        total = _counted(sum(one.requests for one in several), "request", "requests")
        most = sorted(several, key=lambda one: -one.requests)
        named = [
            f"{one.requests} by {one.limit}" + (f" (key {one.key_id})" if one.key_id else "")
            for one in most[:MOST_LIMITS]
        ]
        more = [f"{len(most) - MOST_LIMITS} more"] if len(most) > MOST_LIMITS else []
        message = (
            f"{total} of {tenant} in the last hour had no row, since they were refused at once: "
            f"{', '.join([*named, *more])}."
        )
        alerts.append(Alert("note", "refused_at_once", tenant, message))
    return alerts


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
    """Returns an alert for each tenant whose calls budgets refused in the last hour.

    Calls of which even the least exceeds a whole budget have one of their own: waiting cannot help
    them, and that alert states how much output would fit.
    """
    tightest: dict[str, int] = {}
    for use in budgets:
        others = use.scope.key_id or use.scope.policy or use.scope.tier
        if use.limit_nano_usd is not None and not others:  # it limits every call of the tenant
            limit = tightest.get(use.scope.tenant, use.limit_nano_usd)
            tightest[use.scope.tenant] = min(limit, use.limit_nano_usd)
    alike: dict[tuple[str, int | None], list[RefusedCalls]] = {}
    for calls in refused:
        # A tenant's calls are bound by its own budget and by the one for everybody ("").
        whole = min((tightest[t] for t in (calls.tenant, "") if t in tightest), default=None)
        # If even the smallest call exceeds a whole budget, waiting cannot help.
        never = whole is not None and calls.least_held_nano_usd > whole
        alike.setdefault((calls.tenant, whole if never else None), []).append(calls)
    alerts = []
    for (tenant, whole), several in alike.items():
        most_held = max(calls.most_held_nano_usd for calls in several)
        message = (
            f"Budgets refused {_refused(several)} in the last hour: the worst case of a call was "
            f"up to ${exact_usd(most_held)}."
        )
        if whole is not None:
            message += f" Waiting does not help: the whole budget is ${exact_usd(whole)}."
            if most := _most_output(several, facts, whole):
                message += f" It holds a max_tokens of at most {most} for a short request."
        code = "calls_refused" if whole is None else "calls_never_fit"
        alerts.append(Alert("warn" if whole is None else "bad", code, tenant, message))
    return alerts


def _most_output(
    several: Sequence[RefusedCalls], facts: Mapping[str, AnswererFacts], whole: int
) -> str:
    """Returns the `max_tokens` that fit a whole budget (nano-USD): "997 (mid) or 99 (deep)"."""
    fitting = {
        calls.answerer: output_that_fits(facts[calls.answerer], USUAL, whole) or 0
        for calls in several
        if calls.answerer in facts
    }
    if len(several) == 1:
        return "".join([str(most) for most in fitting.values() if most])
    return " or ".join([f"{most} ({name})" for name, most in fitting.items() if most])


def _refused(several: Sequence[RefusedCalls]) -> str:
    """Returns whose calls were refused: "calls of acme to mid (3 requests), deep (1 request)".

    The counts are not added, since one request may have called several answerers.
    """
    counts = [_counted(calls.requests, "request", "requests") for calls in several]
    if len(several) == 1:
        return f"{counts[0]} of {several[0].tenant} to {several[0].answerer}"
    named = (f"{calls.answerer} ({n})" for calls, n in zip(several, counts, strict=True))
    return f"calls of {several[0].tenant} to {', '.join(named)}"


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
    requests, past_requests = _sum(recent, "answered"), _sum(before, "answered")
    if jumped(now, requests, past, past_requests):
        alerts.append(
            Alert(
                "warn",
                "escalations_jumped",
                "",
                f"{_percent(now / requests)} of answers were above {hour.above} in "
                f"the last {RECENT} minutes, after {_percent(past / past_requests)} in the "
                f"{MINUTES - RECENT} before.",
            )
        )
    return alerts


def unanswered_alerts(hour: Hour, waiting: int) -> list[Alert]:
    """Finds what got no answer in the last hour, and matters that wait for a person by now.

    Failures that `traffic_alerts` finds are told by that alone.
    """
    whole, done = hour.whole, hour.whole.requests - hour.whole.open
    alerts = []
    if waiting:
        message = f"{_counted(waiting, 'matter waits', 'matters wait')} for a person's verdict."
        alerts.append(Alert("warn", "matters_wait", "", message))
    kinds = (
        ("no_answer", whole.no_answer, "told that there is no answer"),
        ("requests_failed", whole.failed, ""),
        ("refused_by_limit", whole.refused - whole.impossible, "refused by a limit"),
        (
            "impossible_here",
            whole.impossible,
            "refused, since no answerer here may do what was asked",
        ),
    )
    for code, number, what in kinds:
        if not number:
            continue
        was = f"{'was' if number == 1 else 'were'} {what}" if what else "failed"
        message = f"{number} of {_counted(done, 'request', 'requests')} of the last hour {was}."
        often = number >= LEAST_FAILURES and number >= FAILING_SHARE * done
        alerts.append(Alert("warn" if often else "note", code, "", message))
    if any(alert.code == "requests_failing" for alert in traffic_alerts(hour)):
        alerts = [alert for alert in alerts if alert.code != "requests_failed"]
    return alerts


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


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
