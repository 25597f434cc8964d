"""Names a text that is to be read, with what the rules know of it already. Knows no batch."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple

from router.triage.batches.config import TriageConfig
from router.triage.facts.languages import UNKNOWN
from router.triage.grave import Told, told_of
from router.types import READ_LANGUAGES


class ReadingUse(Enum):
    """Says what of a text's reading is used, so that nothing else is worked out."""

    ALL = auto()
    IF_KNOWN = auto()  # A gloss counts only where it is a known question.
    HEADS = auto()  # A passage of a long text is read by heads alone.
    HARM = auto()  # A sentence of a message is read for harm and for grave matters.
    MATCH = auto()  # A clause that asks is only matched.


class Asked(NamedTuple):
    """Holds one text and the policy that reads it; `told` where the rules folded it already.

    `spoken` is the language of the conversation, for a text that does not tell its own clearly.
    `use` says what of its reading counts. `gloss`: another language, put into English words.
    `framed`: its question is asked beside it, without its frame. `among`: the odds of what a
    sentence says by itself count divided by so many.
    """

    text: str
    config: TriageConfig
    told: Told | None = None
    spoken: str = UNKNOWN
    use: ReadingUse = ReadingUse.ALL
    gloss: bool = False
    framed: bool = False
    among: int = 1

    @property
    def is_read(self) -> bool:
        """Returns True for a text that is read together with answers: in a language that models
        read, no translation of words, and nothing around its question."""
        if self.gloss or self.framed:
            return False
        told = told_of(self.text) if self.told is None else self.told
        return told[1] in READ_LANGUAGES


def told_of_all(asked: Sequence[Asked]) -> list[Told]:
    """Returns words and language of each text, folding those that nobody folded yet."""
    return [told_of(one.text) if one.told is None else one.told for one in asked]
