"""Tells how far the terms of a conversation stand in questions for general knowledge. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from router.triage.conversation.replies import is_about_nobody
from router.triage.facts.turn_facts import RuleFacts
from router.triage.reading import TurnReading
from router.types import SessionMemory


def terms_beside(older: Sequence[RuleFacts], apart: TurnReading | None) -> bool:
    """Returns True where terms stand in something else than the turns that the model reads."""
    return any([facts.risk_terms for facts in older]) or bool(apart and apart.risk_terms)


def terms_knowledge(
    turns: Sequence[TurnReading],
    texts: Sequence[str],
    beside: bool,
    memory: SessionMemory | None,
) -> float:
    """Returns the least chance, of the turns that have terms, to ask for general knowledge only.

    Turns after the first of these count too, unless they are about nobody: "I got one this morning"
    makes a matter of what was a question. 0.0 where a term stands in something else (`beside`),
    such as what the assistant proposed.
    """
    if beside:
        return 0.0
    remembered = memory is not None and memory.risk_terms != ()
    first = max([at for at, turn in enumerate(turns) if turn.risk_terms], default=-1)
    since = turns if remembered else turns[: first + 1]
    # Without a term in any turn `since` is empty, and no text is looked at.
    said = zip(since, texts, strict=False)
    chances = [
        turn.row.knowledge for turn, text in said if turn.risk_terms or not is_about_nobody(text)
    ]
    if memory is not None and remembered:
        chances.append(memory.terms_knowledge)
    return min(chances, default=0.0)
