"""Reads one recorded request for replay, from a ledger row or another gateway's export.

A case holds the inputs of `decide`, the calls that were made and their costs. It knows nothing
about policies. Rows that make no case are counted by reason, so none is lost silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec
from msgspec import UNSET

from router.ledger.replies import ReplyKind, in_place, reply_of
from router.ledger.row_reading import AFTERWARDS, SHADOW, SPECIALIST, answered, cost_known
from router.policy.level_checks import GRAVE_LEVEL
from router.routing.constraints import Asked, Shape
from router.routing.decision_record import Record, ShadowNote, StepRecord, parse
from router.routing.wording.phrases import said_briefly
from router.types import (
    NO_PRESSURE,
    RECORD_VERSION,
    AttemptRow,
    Pressure,
    Reason,
    RequestRow,
    RequestState,
    Role,
    RungFacts,
    Signals,
    Usage,
)

ACUTE_NOTED_FROM = 7
"""Rows of earlier versions need not note that somebody may need help now."""


class LeftOut(StrEnum):
    """Names the reason why a row is no case."""

    OPEN = "open"
    FAILED = "failed or cancelled"
    SHADOW = "a shadow that failed"
    AFTERWARDS = "money booked for an earlier request"
    NOT_ROUTED = "not routed (heads, embeddings, moderation)"
    GIVEN_AGAIN = "an answer given again under its idempotency key, for which nothing is decided"
    UNREADABLE = "a record that cannot be read"
    NO_PROMPT = "no prompt, so nothing can be decided"
    BAD_LINE = "a line that cannot be read"


@dataclass(frozen=True, slots=True)
class Recorded:
    """Holds a call that was made: its attempts, and the input of next_rung about its answer."""

    attempts: tuple[AttemptRow, ...]
    step: StepRecord | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Holds what one policy reads in a request whose text is available."""

    signals: Signals
    facts: tuple[RungFacts, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """Holds one request: its signals, decision, calls and costs."""

    request_id: str
    policy_hash: str
    signals: Signals
    asked: Asked
    shape: Shape | None
    facts: tuple[RungFacts, ...]  # as the answerers of the recorded policy were known
    cost_nano_usd: int | None  # None: not known
    usage: Usage  # of the answer that the client got
    level: int  # of that answer; 0 without one
    tier: str
    answerer: str
    first: str  # the answerer that the recorded ladder tried first
    reason: str  # why that answerer went first
    called: Mapping[str, Recorded] = field(default_factory=dict)  # by answerer
    early: Mapping[str, tuple[AttemptRow, ...]] = field(default_factory=dict)
    """Lists by answerer the calls begun before a turn that then never came."""
    propensity: Mapping[str, float] = field(default_factory=dict)  # of going first, by answerer
    cached: bool = False
    reworded: bool = False  # the answer in memory was to the same question in other words
    observed: bool = False
    foregone: bool = False  # an approved safe answer went out before any call
    acute: bool | None = None  # somebody may have needed help at once; None: nobody asked its text
    refused: bool = False  # the policy refused it as harmful, before any call
    deliberated: bool = False  # so `usage` counts all steps together
    stood_in: bool = False  # approved words went out in place of what a rung answered
    shadow: ShadowNote | None = None
    reading_nano_usd: int = 0  # cost of its triage, under any policy
    pressure: Pressure = NO_PRESSURE  # of the budgets, when it was decided
    readings: Mapping[str, Reading] = field(default_factory=dict)  # by policy hash, of a text
    version: int = RECORD_VERSION  # of the rules that decided the row
    unknown: frozenset[str] = frozenset()  # answerers of which nothing recorded counts

    def without(self, answerers: frozenset[str]) -> Case:
        """Returns the case as if these answerers had never been called, nor could have been."""
        return replace(
            self,
            called={name: call for name, call in self.called.items() if name not in answerers},
            early={name: calls for name, calls in self.early.items() if name not in answerers},
            propensity={
                name: 0.0 if name in answerers else chance
                for name, chance in self.propensity.items()
            },
            cached=self.cached and self.answerer not in answerers,
            shadow=None if self.shadow and self.shadow.answerer in answerers else self.shadow,
            unknown=self.unknown | answerers,
        )

    def unsearched(self) -> Case:
        """Returns the case without what a search of documents found before it was decided."""
        if self.signals.quotable is None:
            return self
        return replace(self, signals=msgspec.structs.replace(self.signals, quotable=None))

    def read_by(self, policy_hash: str) -> Case:
        """Returns the case with this policy's own reading, or unchanged without its text."""
        own = self.readings.get(policy_hash)
        if own is None:
            return self
        return replace(self, signals=own.signals, facts=own.facts, policy_hash=policy_hash)


def case_of(row: RequestRow) -> Case | ShadowNote | LeftOut:
    """Returns the row as a case, a shadow's own row as its note, or the reason why it is neither.

    A row whose cost is not known is a case too.
    """
    # The order matters: an open shadow is open, and a failed one is a shadow.
    if row.state is RequestState.OPEN:
        return LeftOut.OPEN
    if row.endpoint == SHADOW:
        return _shadow(row)
    if row.endpoint in AFTERWARDS:
        return LeftOut.AFTERWARDS
    if row.tier == SPECIALIST:
        return LeftOut.NOT_ROUTED
    if not answered(row):  # also one whose calls failed at a cost that nobody knows
        return LeftOut.FAILED
    if row.reason == Reason.IDEMPOTENT_REPLAY.value:
        return LeftOut.GIVEN_AGAIN
    try:
        record = parse(row.record)
    except msgspec.DecodeError:  # includes ValidationError
        return LeftOut.UNREADABLE if row.tier_number else LeftOut.NOT_ROUTED
    if not record.decision.rungs:
        return LeftOut.NOT_ROUTED
    first = record.decision.first_rung
    refused = row.reason == Reason.HARMFUL.value
    early = reply_of(row) in (ReplyKind.SAFE_WORDS, ReplyKind.DECLINED)
    called, begun = _called(row, record)
    return Case(
        request_id=row.request_id,
        policy_hash=row.policy_hash,
        signals=record.signals,
        asked=record.asked,
        shape=record.shape,
        facts=record.facts,
        cost_nano_usd=row.cost_nano_usd if cost_known(row) else None,
        usage=row.usage,
        level=row.tier_number,
        tier=row.tier,
        answerer=row.answerer,
        first=first.answerer,
        reason=first.reasons[0].value if first.reasons else "",
        called=called,
        early=begun,
        propensity={rung.answerer: rung.propensity for rung in record.decision.rungs},
        cached=row.from_cache,
        reworded=row.reason == Reason.SEMANTIC_CACHE_HIT.value,
        observed=record.observed is not None,
        # Only triage was called, so the words went out before any rung had its turn.
        foregone=early and all(a.role is Role.TRIAGE for a in row.attempts),
        acute=_acute(record),
        deliberated=_deliberated(row, record),
        stood_in=in_place(row),
        refused=refused,
        shadow=record.shadow,
        reading_nano_usd=sum(a.cost_nano_usd for a in row.attempts if a.role is Role.TRIAGE),
        pressure=record.pressure,
        version=record.version,
    )


def _acute(record: Record) -> bool | None:
    """Returns what a server read in the text of a grave matter; None where it did not look."""
    if record.acute is True:
        return True
    shaped = record.shape is None or record.shape.promises
    if record.version < ACUTE_NOTED_FROM or record.observed is not None or shaped:
        return None
    grave = record.decision.hard_rule and record.decision.floor >= GRAVE_LEVEL
    return False if grave and said_briefly(record.signals) else None


def _shadow(row: RequestRow) -> ShadowNote | LeftOut:
    try:
        # A shadow without a note failed: there is nothing to compare.
        return parse(row.record).shadow or LeftOut.SHADOW
    except msgspec.DecodeError:
        return LeftOut.SHADOW


def _deliberated(row: RequestRow, record: Record) -> bool:
    """Returns True when the answer came of a deliberation, now or when memory kept it."""
    cached = row.from_cache
    answering = {i for i, fact in enumerate(record.facts) if fact.answerer == row.answerer}
    steps = any(a.role is Role.DELIBERATION and a.rung in answering for a in row.attempts)
    return steps or (cached and record.reasoning is not UNSET)


def _called(
    row: RequestRow, record: Record
) -> tuple[dict[str, Recorded], dict[str, tuple[AttemptRow, ...]]]:
    """Returns the calls of rungs that had their turn, and of early calls whose turn never came.

    Both are keyed by answerer. Cache hits are not calls.
    """
    steps = {step.rung: step for step in record.steps}
    called: dict[str, Recorded] = {}
    early: dict[str, tuple[AttemptRow, ...]] = {}
    for index, fact in enumerate(record.facts):
        own = tuple(a for a in row.attempts if a.rung == index and a.role is not Role.CACHE)
        # Called early, but the climb ended before its turn.
        if index not in steps and any(a.reason == Reason.SPECULATED.value for a in own):
            early[fact.answerer] = own
        elif own:
            called[fact.answerer] = Recorded(own, steps.get(index))
    return called, early
