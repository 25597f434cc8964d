"""Decides the record of a request again, to the identical ladder and steps."""

from __future__ import annotations

from router.policy.schema import Policy
from router.routing.decision import decide
from router.routing.decision_record import Record
from router.routing.next_rung import next_rung
from router.types import Decision


def decide_again(record: Record, policy: Policy) -> Decision:
    """Returns what `decide` decides today for a stored row under `policy`."""
    return decide(
        policy,
        record.signals,
        record.facts,
        record.asked,
        record.pressure,
        record.draw,
        version=record.version,
    )


def differs(record: Record, policy: Policy) -> str | None:
    """Returns what differs when a row is decided again, None for an identical ladder and steps."""
    again = decide_again(record, policy)
    if again != record.decision:
        return "ladder"
    for step in record.steps if record.observed is None else ():
        step_again = next_rung(again, step.turn, policy.decision)
        if step_again != step.said:
            return f"step after rung {step.rung}"
    return None
