"""Reads recorded requests into the values that alerts watch. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from router.ledger.aggregates import Ending
from router.ledger.row_reading import (
    AFTERWARDS,
    ANSWERING,
    FAILED_STATES,
    answered,
    ending_of,
    row_names,
)
from router.policy.sections.learning import Watched
from router.types import AttemptState, RequestRow
from router.watch.drift import Histogram

FEATURES = ("length", "language", "type", "domain", "novelty")


class Reading(msgspec.Struct, frozen=True):
    """Holds one value of one subject, over so many requests."""

    watched: Watched
    subject: str  # a tenant, or a tenant and an answerer
    value: float
    count: int
    detail: str = ""


class _Signals(msgspec.Struct):
    language: str = ""
    novelty: float = 0.0
    input_tokens: int = 0


class _Record(msgspec.Struct):
    signals: _Signals = msgspec.field(default_factory=_Signals)


_RECORD = msgspec.json.Decoder(_Record)


@dataclass(slots=True)
class Tally:
    """Counts the requests of one tenant in one span of time."""

    requests: int = 0
    refused: int = 0
    failed: int = 0
    answered: int = 0
    escalated: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    failed_calls: Counter[str] = field(default_factory=Counter)
    inputs: dict[str, Histogram] = field(
        default_factory=lambda: {name: Counter() for name in FEATURES}
    )


def tallies(rows: Iterable[RequestRow]) -> dict[str, Tally]:
    """Returns the counts of each tenant. Rows that book money afterwards are no requests."""
    by_tenant: dict[str, Tally] = {}
    for row in rows:
        if row.endpoint in AFTERWARDS or row.state.value == "open":
            continue
        tally = by_tenant.setdefault(row.tenant, Tally())
        ending = ending_of(row)
        tally.requests += 1
        tally.refused += ending is Ending.REFUSED
        tally.failed += ending is Ending.FAILED
        tally.answered += answered(row)
        tally.escalated += answered(row) and row.escalations > 0
        for attempt in row.attempts:
            if attempt.role in ANSWERING and attempt.state is not AttemptState.CANCELLED:
                tally.calls[attempt.answerer] += 1
                tally.failed_calls[attempt.answerer] += attempt.state in FAILED_STATES
        for name, value in _input(row):
            tally.inputs[name][value] += 1
    return by_tenant


def _input(row: RequestRow) -> Iterator[tuple[str, str]]:
    try:
        signals = _RECORD.decode(row.record).signals
    except (msgspec.DecodeError, UnicodeError):
        return
    domain, kind = row_names(row)
    yield "length", str(signals.input_tokens.bit_length())  # each twice as long as the one before
    yield "language", signals.language or "unknown"
    yield "type", kind
    yield "domain", domain
    yield "novelty", str(min(4, int(signals.novelty * 5)))


def shares(by_tenant: dict[str, Tally]) -> list[Reading]:
    """Returns the shares that alerts watch."""
    found = []
    for tenant, tally in sorted(by_tenant.items()):
        found += [
            _share(Watched.REFUSALS, tenant, tally.refused, tally.requests),
            _share(Watched.ERRORS, tenant, tally.failed, tally.requests),
            _share(Watched.ESCALATIONS, tenant, tally.escalated, tally.answered),
        ]
        for answerer, calls in sorted(tally.calls.items()):
            failed = tally.failed_calls[answerer]
            subject = f"{tenant} / {answerer}"
            found.append(_share(Watched.ANSWERER_DOWN, subject, failed, calls))
    return found


def _share(watched: Watched, subject: str, part: int, whole: int) -> Reading:
    value = part / whole if whole else 0.0
    return Reading(watched, subject, value, whole, f"{part} of {whole}")


def queue_age(created_at_ms: Sequence[int], now_ms: int) -> Reading:
    """Returns the hours that the oldest waiting review waits."""
    hours = (now_ms - min(created_at_ms)) / 3_600_000 if created_at_ms else 0.0
    return Reading(Watched.QUEUE_AGE, "reviews", hours, len(created_at_ms), f"{hours:.1f} hours")
