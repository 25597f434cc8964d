"""Splits a message into what it asks for: "cancel my subscription and delete my data" asks twice.

Only clauses that ask count: a question, an order, a wish. Words that "and" joins within one ask
("my name and address", "terms and conditions") are no clause of their own. English only. Pure.
"""

from __future__ import annotations

import re

MOST_ASKS = 3
"""A message that asks for more is no routine one, whatever is found of it."""
MOST_CHARACTERS = 300
"""Of a longer message nobody expects one approved answer."""

_GAP = re.compile(r"[,;]? and |[.;?!]{1,3} ", re.IGNORECASE)
_COURTESY = (
    r"(?:(?:and|also|then|please|kindly|so|ok|okay|hi|hello|hey|first|second|secondly|finally|"
    r"next|furthermore|additionally)\b[ ,]{0,2}){0,4}"
)
_ORDERS = (
    "activate|add|apply|block|book|cancel|change|check|close|confirm|correct|deactivate|delete|"
    "download|email|end|erase|exchange|explain|extend|find|fix|get|give|issue|link|lock|make|merge|"
    "move|open|order|pause|pay|redeem|refund|remove|renew|reorder|replace|report|resend|reset|"
    "restart|resume|return|send|set|show|sign|stop|subscribe|switch|tell|track|transfer|turn|"
    "unblock|unlink|unlock|unsubscribe|update|upgrade|downgrade|use|withdraw"
)
_QUESTIONS = (
    "how|where|what|when|which|who|why|can|could|do|does|did|is|are|was|will|would|may|should|has|"
    "have"
)
_WISHES = (
    r"(?:i|we) (?:also |still |then |really )?(?:want|need|wish|would like|have|must) to|"
    r"(?:i|we)['\u2019]?d (?:also )?like to|"
    r"(?:i|we) wanna|help me"
)
_ASK = re.compile(
    rf"{_COURTESY}(?:(?:{_QUESTIONS}) \S{{1,40}} \S|(?:{_WISHES}) \S|(?:{_ORDERS}) \S)",
    re.IGNORECASE,
)

_LEANS = re.compile(
    r"\b(?:do|does|did|is|are|was|were|will|would|can|could|should|has|have) "
    r"(?:that|this|it|they|these|those|one)\b",
    re.IGNORECASE,
)
"""Finds a question about what stands before it ("how long does that take?"): no ask of its own."""

_POINTS = re.compile(r"\b(?:it|that|this|they|them|these|those|one|there)\b", re.IGNORECASE)


def leans(clause: str) -> bool:
    """Returns True for a clause with a word for what stands before it ("who pays for that")."""
    return _POINTS.search(clause) is not None


def asks_in(text: str) -> tuple[str, ...]:
    """Returns the clauses that ask, where there are two or three; else none.

    >>> asks_in("Cancel my subscription and delete my data")
    ('Cancel my subscription', 'delete my data')
    >>> asks_in("change my name and address"), asks_in("Where are your terms and conditions?")
    ((), ())
    """
    if len(text) > MOST_CHARACTERS:
        return ()
    clauses = [clause.strip(" ,;.?!") for clause in _GAP.split(" ".join(text.split()))]
    if len(clauses) < 2:
        return ()
    asks = tuple([c for c in clauses if _ASK.match(c) and not _LEANS.search(c)])
    return asks if 2 <= len(asks) <= MOST_ASKS else ()
