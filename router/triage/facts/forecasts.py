"""Tells a question that asks how rates, prices or markets will move. Pure.

An approved answer to "what interest do you pay?" says what holds now, and none says what comes. To
a small encoder both are about interest. It reads English; other languages are read by their gloss.
"""

from __future__ import annotations

from collections.abc import Collection

from router.regexes.late import late_regex

_MOVES = "rise rising fall falling drop dropping climb recover crash increase decrease develop up"
_MOVES = f"{_MOVES} down do forecast forecasts predict prediction predictions outlook cheaper"
MOVE_WORDS = frozenset(f"{_MOVES} dearer higher lower longer".split())
"""One of them stands in every such question."""
_OF_MANY_TEXTS = frozenset({"do", "up", "down"})
"""Stand in many answers and questions that tell of no move: "do you think", "sign up"."""

_SUBJECT = late_regex(
    r"\b(?:rates?|prices?|shares?|stocks?|markets?|inflation|pound|euro|dollar|yen|fees|interest"
    r"|costs|rents?|values?|bitcoin|gold|delivery times?)\b"
)
_COMES = late_regex(
    r"\b(?:will|won't|gonna|going to|likely to|expect(?:ed)?(?: \w+){0,3} to|set to|about to"
    r"|do you (?:think|expect|believe)|by (?:20\d\d|next \w+|the end of|summer|winter|spring))\b"
)
_MOVE = late_regex(
    r"\b(?:(?:go|going|come|coming|get|getting)(?: back)? (?:up|down|cheaper|dearer|higher|lower"
    r"|longer)|ris(?:e|ing)|fall(?:ing)?|drop(?:ping)?|climb|recover|crash|(?:in|de)crease"
    r"|do (?:next|in (?:20\d\d|the)|by|this (?:year|month|spring|summer|autumn|winter))|develop)\b"
)
_FORETOLD = late_regex(
    r"\b(?:forecasts?|predict|predictions?|outlook)(?: \w+){0,4}?"
    r" (?:for|of|on|the|what|how|when|if)\b"
)
_OWN = late_regex(r"\b(?:i|we|my|our|me)\b")
"""Who speaks of the writer's own rate or limit ("will my rent go up?") asks for what a company may
know."""


def is_forecast(text: str, words: Collection[str], own: Collection[str]) -> bool:
    """Returns True where a message asks how something will move, and an answer does not tell it.

    `words` are those of the message, lower case, and `own` those of the answer and its utterances.

    >>> text = "What will interest rates do next year?"
    >>> is_forecast(text, {"what", "will", "do"}, {"interest", "rates"})
    True
    """
    moves = MOVE_WORDS.intersection(words)
    if not moves:
        return False
    low = text.lower()
    if _SUBJECT.search(low) is None or _OWN.search(low) is not None:
        return False
    if _FORETOLD.search(low) is not None:
        return True
    move = _MOVE.search(low)
    if move is None or _COMES.search(low) is None:
        return False
    return (moves - _OF_MANY_TEXTS).isdisjoint(own)
