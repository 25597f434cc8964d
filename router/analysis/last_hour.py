"""Summarises the last hour minute by minute, and counts answers by confidence. It is pure.

Sums come from the ledger's rows as the store added them up (`types.Slice`). A row that is still
open counts as open and with its hold, so the last minutes may still change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from router.ledger.replies import ReplyKind
from router.stats.duration_histogram import bucket_at
from router.types import RequestState, Slice

MINUTES = 60
BINS = 20

Middle = Callable[[int], float]
"""Returns the duration in ms that represents a latency bucket."""


@dataclass(slots=True)
class Minute:
    """Counts one minute of the hour."""

    minute: int
    requests: int = 0
    open: int = 0
    failed: int = 0
    refused: int = 0  # by a limit or as impossible here; this is not a failure
    impossible: int = 0  # of these, what no answerer here may do
    cancelled: int = 0  # its client left before an answer was whole
    answered: int = 0  # replies at a level, as the report counts them: vectors have none
    escalated: int = 0  # of these, above the policies' lowest level
    climbed: int = 0  # of these, after another tier's turn
    no_answer: int = 0  # told that there is no answer
    handed_over: int = 0  # given a safe text while a person takes the matter
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
    unknown_cost: int  # requests whose cost no bill has made known, booked at what they held
    lowest_level: int | None = 1  # answers above it are escalated; None: policies differ in it

    @property
    def above(self) -> str:
        """Says above what an answer counts as escalated."""
        own = "their policy's lowest level"
        return own if self.lowest_level is None else f"level {self.lowest_level}"


def hour_of(
    slices: Iterable[Slice],
    last_minute: int,
    middle: Middle,
    lowest_levels: Mapping[str, int] | None = None,
    settled: int = 0,
) -> Hour:
    """Returns the hour that ends with `last_minute` (since the epoch), which is not over yet.

    `lowest_levels` are those of the policies, by name; of any other policy it is 1. `settled`
    counts its requests of unknown cost that bills made known.
    """
    lowest = lowest_levels or {}
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
        _count(minute, part, lowest.get(part.policy, 1))
        _count(whole, part, lowest.get(part.policy, 1))
        if part.state is RequestState.UNKNOWN_COST:
            unknown += part.requests
        # What is open, failed or cancelled has no answer, so no tier and no latency.
        if not part.answered:
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
        unknown - settled,
        None if len({*lowest.values()}) > 1 else min(lowest.values(), default=1),
    )


def _count(minute: Minute, part: Slice, lowest_level: int) -> None:
    minute.requests += part.requests
    if part.answered and part.level:
        minute.answered += part.requests
        minute.climbed += part.climbed  # who got no reply climbed to none
    if part.level > lowest_level:
        minute.escalated += part.routed
    minute.no_answer += part.requests * (part.reply == ReplyKind.NO_ANSWER)
    minute.handed_over += part.requests * (part.reply == ReplyKind.SAFE_WORDS)
    minute.spend_nano_usd += part.spend_nano_usd
    if part.state is RequestState.OPEN:
        minute.open += part.requests
    elif part.answered:
        minute.by_tier[part.tier] = minute.by_tier.get(part.tier, 0) + part.requests
    elif part.state is RequestState.CANCELLED:
        minute.cancelled += part.requests
    else:
        # The ledger books refused requests as failed; people see them apart.
        minute.failed += part.requests - part.refused
        minute.refused += part.refused
        minute.impossible += part.impossible


def quantile(counts: Mapping[int, int], q: float, middle: Middle) -> float | None:
    """Returns the duration below which a share q of the counts lies, by bucket; None if empty.

    >>> quantile({3: 50, 9: 49, 20: 1}, 0.5, float), quantile({3: 50, 9: 49, 20: 1}, 0.95, float)
    (3.0, 9.0)
    """
    bucket = bucket_at(counts, q)
    return None if bucket is None else middle(bucket)


@dataclass(slots=True)
class Bin:
    """Counts answers whose confidence lies in one twentieth of 0..1."""

    requests: int = 0
    climbed: int = 0  # of these, after a turn of another tier


def bin_of(confidence: float) -> int:
    """Returns the index of a confidence among 20 bins: 0.05 begins the second, 1.0 is in the last.

    >>> bin_of(0.0), bin_of(0.05), bin_of(0.95), bin_of(1.0)
    (0, 1, 19, 19)
    """
    # The small addition keeps sums of decimals in their bin: 0.39999999999999997 counts as 0.4.
    return min(max(int(confidence * BINS + 1e-9), 0), BINS - 1)
