"""Says which turns of a conversation speak of a grave matter, each by itself. Pure.

The signals of a conversation hold the highest of all turns, so that they do not tell who said what
when. The choice of safe words needs that: a fire in the last turn goes before an earlier illness.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from router.triage.conversation.cautious import grave_of
from router.triage.reading import TurnReading
from router.types import SessionMemory, TurnDanger

LIKELY = 0.5
"""The reader's chance from which a turn without a term is kept: no policy should act on less."""
FEW_WORDS = 5
"""Words of the longest reply in which a guess is unsure: "he hit his head" and "he feels worse"
sound like violence to the reader, and "I give up" like despair, whatever they are about."""
MOST_TURNS = 8  # that are kept, so that a record stays small; newest first


def turn_dangers(
    readings: Sequence[TurnReading], texts: Sequence[str], memory: SessionMemory | None
) -> tuple[TurnDanger, ...] | UnsetType:
    """Returns the turns that have a term or are likely grave; UNSET for a first turn.

    `readings`: newest first, as they count for the last one, of `texts`. A bare follow-up ("why?")
    says nothing by itself, whatever the reader hears in it.
    """
    if len(readings) < 2 and memory is None:
        return UNSET
    said = [
        _danger_of(turn, text, back)
        for back, (turn, text) in enumerate(zip(readings, texts, strict=False))
        if turn.risk_terms or (turn.row.grave >= LIKELY and not turn.bare)
    ]
    return tuple(said[:MOST_TURNS])


def _danger_of(turn: TurnReading, text: str, back: int) -> TurnDanger:
    grave, matter, language = grave_of(turn)
    return TurnDanger(
        back,
        turn.risk_terms,
        0.0 if turn.bare else grave,
        matter,
        language,
        turn.row.knowledge,
        len(text.split(None, FEW_WORDS)) <= FEW_WORDS,
    )
