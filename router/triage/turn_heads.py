"""Puts the readings of a policy's heads over the turns of a conversation together. Pure."""

from __future__ import annotations

from collections.abc import Sequence, Set

from router.policy.head_conditions import highest
from router.policy.schema import Policy
from router.types import HeadReading, SessionMemory

Readings = tuple[HeadReading, ...]
HARM = "harm"
"""Names the head that phrases of plain requests for harm speak to."""
SURE_OF_HARM = 0.97
"""Chance of harm where such a phrase is found. Of 1,000 harmless lines with the words of such
requests one had a phrase (record 295)."""


def sure_of_harm(heads: Readings) -> Readings:
    """Returns the heads of a text that asks for harm in plain words: `harm` is sure of it."""
    return tuple(
        HeadReading(HARM, ((HARM, max(SURE_OF_HARM, *[p for _, p in head.classes])),))
        if head.name == HARM and len(head.classes) == 1
        else head
        for head in heads
    )


def heads_of(
    own: Readings, earlier: Sequence[Readings], memory: SessionMemory | None, momentary: Set[str]
) -> Readings:
    """Returns the last turn's heads, each class at the highest that the conversation has seen.

    A momentary head says something of this turn alone, so it keeps the turn's own reading.
    """
    names = {reading.name for reading in own}
    remembered = () if memory is None else tuple(r for r in memory.heads if r.name in names)
    by_name = {reading.name: reading for reading in own if reading.name in momentary}
    raised = highest((own, *earlier, remembered))
    return tuple(by_name.get(reading.name, reading) for reading in raised)


def momentary_of(policy: Policy) -> frozenset[str]:
    """Returns the heads that only `safety.refuse` names."""
    ruled = {condition.head for rule in policy.hard_rules for condition in rule.heads}
    return policy.safety.heads - ruled
