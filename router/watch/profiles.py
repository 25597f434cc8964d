"""Counts what requests and calls look like, so that a window can be held against the past. Pure.

A profile holds counts of each feature in a few bins, and a small sample of what triage read. It has
no text and no id. Profiles of parts add up to that of the whole.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from router.ledger.row_reading import AFTERWARDS, ANSWERING, row_names
from router.types import AttemptRow, AttemptState, RequestRow

OF_REQUESTS = (
    "length",
    "language",
    "type",
    "domain",
    "novelty",
    "confidence",
    "answerer",
    "answer length",
    "cost",
    "latency",
)
OF_CALLS = ("refusals", "answer length", "latency", "log-probability")
READ = (
    "request_type_p",
    "domain_p",
    "difficulty",
    "stakes_high",
    "multi_factor",
    "strategic",
    "novelty",
    "toxic",
    "spam",
    "risk_p",
    "knowledge",
    "grave",
)
"""What triage reads in a request's vector, which itself is not kept: a joint view of it."""
MOST_IDS = 100_000
SAMPLED = 64  # a window or a day; 8 days of 64 and a window give 0.03 s of work
REFUSALS = frozenset({"refusal", "content_filter"})


class Profile(msgspec.Struct):
    """Holds what a tenant's requests under a policy, or an answerer's calls, look like."""

    count: int = 0
    bins: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    # The lowest by the number that chance gave each request: a fair sample, also of several parts.
    sample: list[tuple[int, tuple[float, ...]]] = msgspec.field(default_factory=list)
    # Of the same requests, where their texts are kept: their vectors, in fewer dimensions.
    embedded: list[tuple[int, tuple[float, ...]]] = msgspec.field(default_factory=list)

    def add(self, feature: str, bin: str) -> None:
        """Counts one value."""
        counts = self.bins.setdefault(feature, {})
        counts[bin] = counts.get(bin, 0) + 1

    def keep(self, number: int, vector: tuple[float, ...]) -> None:
        """Adds a vector to the sample, if chance says so."""
        self.sample.append((number, vector))
        if len(self.sample) >= 2 * SAMPLED:
            self.thin()

    def thin(self, most: int = SAMPLED) -> bool:
        """Keeps as many of the sample as count; returns True if there were more."""
        more = max(len(self.sample), len(self.embedded)) > most
        self.sample = sorted(self.sample)[:most]
        self.embedded = sorted(self.embedded)[:most]
        return more

    def merge(self, other: Profile) -> None:
        """Adds another profile; samples of several days stand side by side."""
        self.count += other.count
        for feature, counts in other.bins.items():
            own = self.bins.setdefault(feature, {})
            for bin, number in counts.items():
                own[bin] = own.get(bin, 0) + number
        self.sample += other.sample
        self.embedded += other.embedded


class Profiles(msgspec.Struct):
    """Holds the profiles of one span of time, by tenant and policy, and by answerer."""

    requests: dict[str, Profile] = msgspec.field(default_factory=dict)
    calls: dict[str, Profile] = msgspec.field(default_factory=dict)

    def merge(self, other: Profiles) -> None:
        """Adds those of another span."""
        for own, others in ((self.requests, other.requests), (self.calls, other.calls)):
            for name, profile in others.items():
                own.setdefault(name, Profile()).merge(profile)

    def thin(self, most: int = SAMPLED) -> bool:
        """Cuts each sample to its size; returns True if any had more."""
        every = (*self.requests.values(), *self.calls.values())
        return any([profile.thin(most) for profile in every])


class _Evidence(msgspec.Struct):
    tokens: int = 0
    mean_logprob: float = 0.0
    refused: bool = False


class _Step(msgspec.Struct):
    rung: int = -1
    evidence: _Evidence | None = None


class _Record(msgspec.Struct):
    signals: dict[str, object] = msgspec.field(default_factory=dict)
    steps: tuple[_Step, ...] = ()


_RECORD = msgspec.json.Decoder(_Record)


def subject_of(row: RequestRow) -> str:
    """Returns whose requests are compared with each other: a tenant's under one policy."""
    return f"{row.tenant} / {row.policy}"


Embedded = Callable[[Sequence[str]], Mapping[str, tuple[float, ...]]]
"""Returns the vectors of requests whose texts are kept, by id."""


def profiles(rows: Iterable[RequestRow], embedded: Embedded | None = None) -> Profiles:
    """Returns the profiles of these requests. Rows that book money afterwards are none."""
    every, ids = Profiles(), dict[int, str]()
    for row in rows:
        if row.endpoint in AFTERWARDS or row.state.value == "open":
            continue
        try:
            record = _RECORD.decode(row.record)
        except (msgspec.DecodeError, UnicodeError):
            record = _Record()
        profile = every.requests.setdefault(subject_of(row), Profile())
        profile.count += 1
        for feature, bin in _of_request(row, record.signals):
            profile.add(feature, bin)
        vector = tuple(round(_number(record.signals.get(name)), 4) for name in READ)
        number = _chance(row.request_id)
        profile.keep(number, vector)
        if embedded is not None:
            ids[number] = row.request_id
            if len(ids) >= MOST_IDS:  # only those of a sample are asked for
                ids = _sampled(every, ids)
        evidence = {step.rung: step.evidence for step in record.steps if step.evidence}
        for attempt in row.attempts:
            if attempt.role in ANSWERING and attempt.state is AttemptState.SETTLED:
                called = every.calls.setdefault(attempt.answerer, Profile())
                called.count += 1
                for feature, bin in _of_call(attempt, evidence.get(attempt.rung)):
                    called.add(feature, bin)
    every.thin()
    if embedded is not None:
        _embed(every, _sampled(every, ids), embedded)
    return every


def _sampled(sampled: Profiles, ids: Mapping[int, str]) -> dict[int, str]:
    kept = {number for profile in sampled.requests.values() for number, _ in profile.sample}
    return {number: ids[number] for number in kept if number in ids}


def _embed(sampled: Profiles, ids: Mapping[int, str], embedded: Embedded) -> None:
    vectors = embedded(sorted(ids.values()))
    for profile in sampled.requests.values():
        known = [(number, vectors.get(ids.get(number, ""))) for number, _ in profile.sample]
        profile.embedded = [(number, vector) for number, vector in known if vector is not None]


def _of_request(row: RequestRow, signals: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    if signals:
        domain, kind = row_names(row)
        yield "length", doubled(_number(signals.get("input_tokens")))
        yield "language", str(signals.get("language") or "unknown")
        yield "type", kind
        yield "domain", domain
        yield "novelty", str(min(4, int(_number(signals.get("novelty")) * 5)))
    if row.verdict:
        yield "confidence", str(min(9, int(row.confidence * 10)))
        yield "answerer", row.answerer
        yield "answer length", doubled(row.usage.output_tokens)
        yield "cost", doubled(row.cost_nano_usd / 1000)
        yield "latency", doubled(row.latency_ms)


def _of_call(attempt: AttemptRow, evidence: _Evidence | None) -> Iterator[tuple[str, str]]:
    refused = attempt.finish_reason in REFUSALS or (evidence is not None and evidence.refused)
    yield "refusals", "1" if refused else "0"
    yield "answer length", doubled(attempt.usage.output_tokens)
    yield "latency", doubled(attempt.latency_ms, 2)
    if evidence is not None and evidence.tokens:
        yield "log-probability", str(max(-16, math.floor(evidence.mean_logprob * 8)))


def doubled(value: float, steps: int = 1) -> str:
    """Returns the bin of a size: each is twice as wide as the one before, or a root of two.

    >>> [doubled(value) for value in (0, 1, 2, 3, 4)]
    ['0', '1', '2', '2', '3']
    """
    return str(0 if value < 1 else 1 + int(math.log2(value) * steps))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _chance(request_id: str) -> int:
    """Returns a number that says nothing of the request, and is always the same for it."""
    return int.from_bytes(hashlib.blake2b(request_id.encode(), digest_size=6).digest(), "big")
