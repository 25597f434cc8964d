"""Tells whether only earlier turns of a conversation tell of a danger. Pure.

Such a turn gets the same words as the danger, since people go on with it in any words: "ok", "12
weeks", "what is a tourniquet made of". A list of words that tells another subject from these was
tried and taken back (decision 248).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from router.triage.conversation.settled import CALM_BELOW
from router.triage.reading import TurnReading
from router.triage.text.turns import Turns
from router.types import Signals


def with_subject(signals: Signals, turns: Turns, readings: Sequence[TurnReading]) -> Signals:
    """Returns the signals with whether the last turn tells of none of the dangers before it.

    `readings`: the last turn, then `turns.earlier`, then what stands beside it.
    """
    last, earlier = readings[0], readings[1 : 1 + len(turns.earlier)]
    if turns.split or _tells(last) or not any(map(_tells, earlier)):
        return signals
    return replace(signals, carried=True)


def _tells(turn: TurnReading) -> bool:
    return bool(turn.risk_terms) or turn.row.grave >= CALM_BELOW
