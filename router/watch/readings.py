"""Reads recorded requests into the shares and times that alerts watch. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from router.ledger.aggregates import Ending
from router.ledger.row_reading import (
    AFTERWARDS,
    ANSWERING,
    answered,
    call_failed,
    ending_of,
    was_made,
)
from router.policy.sections.learning import Watched
from router.stats.duration_histogram import DurationHistogram
from router.stats.wilson import wilson
from router.types import AttemptState, RequestRow

SLOWEST = 0.95
"""The share of the answers that `latency` looks at: the others are slower."""
LAPSED_AT = 0.5
"""A certificate lapsed for a window when it did not count for half of its requests."""


class Reading(msgspec.Struct, frozen=True):
    """Holds one value of one subject, over so many requests."""

    watched: Watched
    subject: str  # a tenant, or a tenant and an answerer
    value: float
    count: int
    detail: str = ""


Bounded = tuple[Reading, float | None]
"""A reading with a bound of its own, or None where the rule has one."""


class _Facts(msgspec.Struct):
    answerer: str = ""
    ready: bool = True


class _Pressure(msgspec.Struct):
    suspended: bool = False


class _Record(msgspec.Struct):
    facts: tuple[_Facts, ...] = ()
    pressure: _Pressure = msgspec.field(default_factory=_Pressure)


_RECORD = msgspec.json.Decoder(_Record)


@dataclass(slots=True)
class Tally:
    """Counts the requests of one tenant in one span of time."""

    requests: int = 0
    refused: int = 0
    failed: int = 0
    answered: int = 0
    climbed: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    failed_calls: Counter[str] = field(default_factory=Counter)
    latency: DurationHistogram = field(default_factory=DurationHistogram)


@dataclass(slots=True)
class Window:
    """Counts the requests of all tenants in one span of time."""

    tenants: dict[str, Tally] = field(default_factory=dict)
    requests_with: Counter[str] = field(default_factory=Counter)  # requests that had this answerer
    out_of_use: Counter[str] = field(default_factory=Counter)  # of those, while it was out of use
    domains: Counter[str] = field(default_factory=Counter)  # requests, by policy and domain
    lapsed: Counter[str] = field(default_factory=Counter)  # of those, by no certificate


def tallies(rows: Iterable[RequestRow]) -> Window:
    """Returns the counts of each tenant. Rows that book money afterwards are no requests."""
    window = Window()
    for row in rows:
        if row.endpoint in AFTERWARDS or row.state.value == "open":
            continue
        tally = window.tenants.setdefault(row.tenant, Tally())
        ending = ending_of(row)
        tally.requests += 1
        tally.refused += ending is Ending.REFUSED
        tally.failed += ending is Ending.FAILED
        tally.answered += answered(row)
        tally.climbed += answered(row) and row.escalations > 0
        if answered(row):
            tally.latency.add(row.latency_ms)
        for attempt in row.attempts:
            ended = attempt.state is not AttemptState.CANCELLED and was_made(attempt)
            if attempt.role in ANSWERING and ended:
                tally.calls[attempt.answerer] += 1
                tally.failed_calls[attempt.answerer] += call_failed(attempt)
        _read(row, window)
    return window


def _read(row: RequestRow, window: Window) -> None:
    """Counts what the gateway met: answerers that were out of use, certificates that lapsed."""
    try:
        record = _RECORD.decode(row.record)
    except (msgspec.DecodeError, UnicodeError):
        return
    for facts in record.facts:
        window.requests_with[facts.answerer] += 1
        window.out_of_use[facts.answerer] += not facts.ready
    domain = f"{row.policy} / {row.domain or 'unknown'}"
    window.domains[domain] += 1
    window.lapsed[domain] += record.pressure.suspended


def shares(window: Window) -> list[Bounded]:
    """Returns the shares and times that alerts watch."""
    readings: list[Bounded] = []
    for tenant, tally in sorted(window.tenants.items()):
        readings += [
            (_share(Watched.REFUSALS, tenant, tally.refused, tally.requests), None),
            (_share(Watched.ERRORS, tenant, tally.failed, tally.requests), None),
            (_share(Watched.ESCALATIONS, tenant, tally.climbed, tally.answered), None),
            (_slowest(tenant, tally), None),
        ]
        for answerer, calls in sorted(tally.calls.items()):
            failed = tally.failed_calls[answerer]
            subject = f"{tenant} / {answerer}"
            readings.append((_share(Watched.ANSWERER_DOWN, subject, failed, calls), None))
    for answerer, requests in sorted(window.requests_with.items()):
        out = window.out_of_use[answerer]
        readings.append((_share(Watched.BREAKER_OPEN, answerer, out, requests), None))
    for domain, requests in sorted(window.domains.items()):
        lapsed = _share(Watched.CERTIFICATE, domain, window.lapsed[domain], requests)
        readings.append((lapsed, LAPSED_AT))
    return readings


def _share(watched: Watched, subject: str, part: int, whole: int) -> Reading:
    value = part / whole if whole else 0.0
    return Reading(watched, subject, value, whole, share_in_words(part, whole))


def share_in_words(part: int, whole: int) -> str:
    """Returns a share with its interval at 95 %.

    >>> share_in_words(3, 30)
    '3 of 30 (3 % to 26 %)'
    """
    low, high = wilson(part, whole) if whole else (0.0, 1.0)
    return f"{part} of {whole} ({100 * low:.0f} % to {100 * high:.0f} %)"


def _slowest(tenant: str, tally: Tally) -> Reading:
    seconds = (tally.latency.quantile(SLOWEST) or 0.0) / 1000.0
    detail = f"a twentieth of {tally.answered} answers took over {seconds:.3g} s"
    return Reading(Watched.LATENCY, tenant, seconds, tally.answered, detail)


def queue_age(created_at_ms: Sequence[int], now_ms: int) -> Reading:
    """Returns the hours that the oldest waiting review waits."""
    hours = (now_ms - min(created_at_ms)) / 3_600_000 if created_at_ms else 0.0
    return Reading(Watched.QUEUE_AGE, "reviews", hours, len(created_at_ms), f"{hours:.1f} hours")


def budget_share(scope: str, kind: str, used: int, limit: int) -> Reading:
    """Returns how much of a budget is spent and held."""
    share = used / limit if limit else 1.0
    detail = f"{100 * share:.0f} % of ${limit / 1e9:,.2f} is spent"
    return Reading(Watched.BUDGET, f"{scope}, this {kind}", share, 1, detail)


def begun_anew(alarms: Iterable[str], budgets: Sequence[Bounded]) -> list[Bounded]:
    """Returns a reading of 0 for each alarm of a budget that no window of now speaks of.

    A window in which nobody has spent has no reading. Its alarm would go on for a day, and the next
    time that the budget is spent would be told to nobody.
    """
    spent = {reading.subject for reading, _ in budgets}
    subjects = [
        subject
        for watched, _, subject in (name.partition(": ") for name in alarms)
        if watched == Watched.BUDGET and subject not in spent
    ]
    detail = "it began anew, or has no limit any more"
    return [(Reading(Watched.BUDGET, subject, 0.0, 1, detail), None) for subject in subjects]
