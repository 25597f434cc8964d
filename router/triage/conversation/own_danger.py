"""Tells whose danger a text tells of that its sender wants worked on. Pure.

"Classify this ticket: I took all of my tablets" may be a test of a queue, and may be who writes it.
Where somebody speaks in the text and a grave matter is read in it, the text counts as the sender's
own words, and the words of an emergency are shown. It knows nothing about models or policies.
"""

from __future__ import annotations

from router.policy.content.term_files import list_of
from router.triage.reading import TurnReading
from router.triage.text.turns import Turns
from router.types import DANGERS, Matter

DANGER_AT = 0.5
"""Chance of a grave matter from which a danger is read: an even one, as for the review."""


def is_senders(turns: Turns, text: TurnReading) -> bool:
    """Returns True where the text of a user's own job counts as the user's own words.

    `text` is the reading of `turns.harm_only`. Where somebody speaks in it, any grave matter
    counts, as the reader may name it wrongly; where they speak in a letter or a talk, a danger to
    people. Where something happens just now, or where it is asked if the text is spam, a danger to
    people or a fraud counts, whoever speaks: a threat or a bait may look like spam.
    """
    if (voice := turns.voice) is None:
        return False
    heard: tuple[Matter, ...] = DANGERS if voice.speaks or voice.happens or voice.spam else ()
    if voice.spam or voice.happens:
        heard = (*heard, Matter.FRAUD)
    anyway = voice.speaks and not voice.letter
    sure = text.row.grave >= DANGER_AT and (anyway or text.row.matter in heard)
    return sure or not frozenset(map(list_of, text.risk_terms)).isdisjoint(heard)
