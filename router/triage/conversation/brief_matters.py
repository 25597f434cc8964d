"""Says whether short messages hold what is grave in a conversation. Pure.

A long text may be a tale of a danger. It knows nothing about single phrases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from router.policy.content.term_files import list_of
from router.triage.facts.turn_facts import RuleFacts
from router.triage.reading import TurnReading
from router.types import DANGERS, Matter, SessionMemory


class _Said(NamedTuple):
    """Holds what one part of a conversation adds to its terms and its grave matter."""

    brief: bool
    terms: tuple[str, ...]
    grave: float = 0.0
    matter: Matter | None = None
    knowledge: float = 0.0  # chance that it asks for general knowledge only

    @property
    def tells_of_danger(self) -> bool:
        """Returns True for a short message in which somebody is in danger, named or surely."""
        sure = self.matter in DANGERS and self.grave >= SURE_OF_DANGER
        return self.brief and self.knowledge < LIKELY_KNOWLEDGE and (sure or self.names_danger)

    @property
    def names_danger(self) -> bool:
        return any([list_of(name) in DANGERS for name in self.terms])

    @property
    def is_only_about_dangers(self) -> bool:
        other = self.matter is not None and self.matter not in DANGERS
        return not other and all([list_of(name) in DANGERS for name in self.terms])


def is_brief_where_grave(
    turns: Sequence[TurnReading],
    apart: TurnReading | None,
    older: Sequence[RuleFacts],
    memory: SessionMemory | None,
) -> bool:
    """Returns True where short messages hold all terms and the likeliest grave matter.

    What long ones beside them say is calmer. A document at the beginning of a chat hides no
    emergency that somebody tells of later in a few words. Once a short message tells of a danger,
    no other danger of a long one makes a tale of it: neither a second one that is told of at length
    nor those that the approved words for the first one name.
    """
    said = [_said_in(turn, _is_short(turn)) for turn in turns]
    said += [_Said(False, facts.risk_terms) for facts in older]
    if apart is not None:
        said.append(_said_in(apart, brief=False))
    if memory is not None:
        knowledge = memory.terms_knowledge if memory.risk_terms else 0.0
        told = (memory.risk_terms, memory.grave, memory.matter, knowledge)
        said.append(_Said(memory.briefly, *told))
    if any([part.tells_of_danger for part in said]):
        said = [part for part in said if part.brief or not part.is_only_about_dangers]
    brief = [part for part in said if part.brief]
    terms = {name for part in brief for name in part.terms}
    likeliest = max((part.grave for part in brief), default=-1.0)
    return all([part.grave <= likeliest and terms.issuperset(part.terms) for part in said])


def _said_in(turn: TurnReading, brief: bool) -> _Said:
    row = turn.row
    return _Said(brief, turn.risk_terms, row.grave, row.matter, row.knowledge)


LIKELY_KNOWLEDGE = 0.5
"""The chance of a question for general knowledge from which a short message tells of nobody."""
SURE_OF_DANGER = 0.99
"""The reader's chance from which a danger that a term names counts in a note of some sentences,
too. Below it are chats of friends and role plays."""


def _is_short(turn: TurnReading) -> bool:
    """Returns True for a short message, and for a note about a danger that is named and sure."""
    if turn.brief or not turn.note:
        return turn.brief
    sure = turn.row.matter in DANGERS and turn.row.grave >= SURE_OF_DANGER
    return sure and any([list_of(name) in DANGERS for name in turn.risk_terms])
