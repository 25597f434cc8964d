"""Raises what a text says of a grave matter where somebody asks for counsel on it. Pure.

The reader of grave matters was taught what people write of themselves. A notice of a court or a
line of laboratory values speaks of nobody, so it sounds calm. Whoever asks "should I sign?" beside
it has that matter. The odds of the text are raised by what it shows of its kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.triage.conversation.cautious import Grave, grave_of
from router.triage.framing.given.counsel import (
    asks_counsel,
    claimed,
    has_enough_words,
    marks_of,
    only_asks,
)
from router.triage.reading import TurnReading
from router.triage.text.turns import Turns
from router.types import DANGERS, READ_LANGUAGES, Matter

ASKED, ASKED_ABROAD = 4.0, 2.0
"""Multiply the odds of a grave matter of a text on which counsel is asked, in English and in other
languages, where the reader finds one in every fourth notice of a shop by .5 and more."""
MARKED = (1.0, 8.0, 100.0)
"""Multiplies them too, by how many different words show a text that binds or measures. A single one
stands in many a rule of a game; two seldom do."""
RAISED_MOST = 0.84
"""Highest chance that is reached so: no words for an emergency rest on it."""
LEAST = 0.02
"""A lower chance counts as this one: the reader knows next to nothing of bare values."""


def counselled(
    turns: Turns, last: TurnReading, earlier: Sequence[TurnReading], told: TurnReading | None
) -> Grave | None:
    """Returns the grave matter of the text that the last turn asks counsel on; None for none.

    `told` is the reading of `turns.told`, the text in the same message.
    """
    if turns.own_told:
        return None  # the reader knows such texts, and has read the question with it
    if told is not None:
        asked = turns.last.replace(turns.told, "", 1)
        return _raised(told, marks_of(turns.last, asked))
    if (claim := claimed(turns.last)) is not None:
        return _raised(last, claim)
    if not earlier or turns.split or not asks_counsel(turns.last):
        return None
    for turn, text in zip(earlier, turns.earlier, strict=False):
        if has_enough_words(text) and not only_asks(text):
            return _raised(turn, marks_of(f"{text}\n{turns.last}", turns.last))
    return None


def _raised(turn: TurnReading, marks: Mapping[Matter, int]) -> Grave:
    grave, matter, language = grave_of(turn)
    if matter is None or grave >= RAISED_MOST:
        return grave, matter, language
    times = ASKED if language in READ_LANGUAGES else ASKED_ABROAD
    times *= MARKED[min(sum(marks.values()), len(MARKED) - 1)]
    odds = times * max(grave, LEAST) / (1.0 - max(grave, LEAST))
    raised = min(RAISED_MOST, odds / (1.0 + odds))
    return raised, _of_kind(matter, marks), language


def _of_kind(matter: Matter, marks: Mapping[Matter, int]) -> Matter:
    """Returns the matter of a text by its kind where that tells more than the reader's guess."""
    if matter in DANGERS or not marks:
        return matter
    return max(marks, key=marks.__getitem__)
