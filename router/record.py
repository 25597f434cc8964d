"""The record of one request: every argument of decide, next_rung and verify, and what they said.

Stored as JSON in the ledger row, so that replay decides a stored row again to the identical ladder.
Prompts and answers are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from router.decision import Asked, Left, decide, next_rung
from router.policy import Policy
from router.types import Decision, JsonText, Reason, RungFacts, Signals, Step

RECORD_VERSION = 1


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One turn: what next_rung was told after a rung, and what it said."""

    rung: int
    p: float | None
    p_source: str
    failure: Reason | None
    left: Left
    verified: bool
    said: Step


@dataclass(frozen=True, slots=True)
class Record:
    version: int
    signals: Signals
    facts: tuple[RungFacts, ...]
    asked: Asked
    decision: Decision
    steps: tuple[StepRecord, ...]
    answer_facts: tuple[str, ...] = ()
    reasoning_digest: str = ""


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Record)


def encode(record: Record) -> JsonText:
    return JsonText(_ENCODER.encode(record).decode())


def parse(text: str) -> Record:
    """The record of a stored row. Raises msgspec.ValidationError for anything else."""
    return _DECODER.decode(text)


def decide_again(record: Record, policy: Policy) -> Decision:
    """What `decide` says today for a stored row under `policy`."""
    return decide(policy, record.signals, record.facts, record.asked)


def differs(record: Record, policy: Policy) -> str | None:
    """None when the row decides to the identical ladder and steps again, else what differs."""
    again = decide_again(record, policy)
    if again != record.decision:
        return "ladder"
    for step in record.steps:
        said = next_rung(
            again,
            step.rung,
            step.p,
            step.failure,
            step.left,
            policy.decision,
            verified=step.verified,
        )
        if said != step.said:
            return f"step after rung {step.rung}"
    return None
