"""Splits a message into what it asks for: "cancel my subscription and delete my data" asks twice.

Only clauses that ask count: a question, an order, a wish. So does what somebody adds ("and besides,
my badge is broken"), which asks for help with it. Words that "and" joins within one ask
("my name and address", "terms and conditions") are no clause of their own. English only. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from router.policy.content.leaning import completed
from router.regexes.late import late_regex

MOST_ASKS = 3
"""A message that asks for more is no routine one, whatever is found of it."""
MOST_CHARACTERS = 300
"""Of a longer message nobody expects one approved answer."""

_ADDING = (
    r"(?:also|besides(?: that)?|by the way|btw|plus|moreover|furthermore|additionally|in addition|"
    r"on top of (?:that|this)|apart from (?:that|this)|while (?:we're|we are|i'm|i am) at it|"
    r"(?:the other|another|one more|second|next) (?:thing|question|problem|issue))"
)
_ADDED_NEXT = rf"(?=(?:but |oh )?{_ADDING}\b)"
# Each branch begins with a mark or a space, which the search of a text then stops at alone.
_GAP = re.compile(
    rf", (?:and |{_ADDED_NEXT})|; (?:and |{_ADDED_NEXT})"
    r"| (?:and |(?<=[.;?!] )|(?=plus (?:my|our|the|an?|i|we|no|one) ))",
    re.IGNORECASE,
)
_INVERTED = late_regex(
    r"(?:(?:hi|hello|hey|ok|so|please)[ ,]{1,2}){0,2}(?:(?:how|what|when|where|which|who)"
    r"(?: (?:much|long|often|far))?(?:['\u2019]?s| (?:is|are|do|does|can|could|will|would|should))"
    r"|can|could|do|does|is|are|will) ",
    re.IGNORECASE,
)
_NEXT_INVERTED = late_regex(
    r"(?<=,) (?=(?:how (?:much|long|often|far)|(?:what|when|where|who) (?:is|are|do|does|can|will))"
    r" )",
    re.IGNORECASE,
)
"""Finds a comma between two questions: "how much is it, how long does it take". Behind "when I
order two," stands the only one, so the first must be a question too (`_INVERTED`)."""
_ADDED = late_regex(
    rf"(?:(?:and|but|oh|ok|so|then)[ ,]{{1,2}}){{0,2}}{_ADDING}[,:]? |(?:i|we)(?:'m|'d|'ve)? also ",
    re.IGNORECASE,
)
_ADDED_AT_END = re.compile(r" (?:too|as well|also)$", re.IGNORECASE)
LEAST_ADDED = 4
"""Words of an added clause: "and the blue one too" is none."""
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
    r"(?:(?:at|by|for|from|in|on|to|until|till|with) )?(?:how|where|what|when|which|who|why)"
    r"(?:['\u2019]?s)?|can|could|do|does|did|is|are|was|will|would|may|should|has|have"
)
_WISHES = (
    r"(?:i|we) (?:also |still |then |really )?(?:want|need|wish|would like|have|must) to|"
    r"(?:i|we)['\u2019]?d (?:also )?like to|"
    r"(?:i|we) wanna|help me"
)
_ASK = late_regex(
    rf"{_COURTESY}(?:(?:{_QUESTIONS}) \S{{1,40}} \S|(?:{_WISHES}) \S|(?:{_ORDERS}) \S)",
    re.IGNORECASE,
)

_WORD = re.compile(r"[\w']+")
_JOINING = frozenset(("and", "also", "please", "plus", "besides", "then", "too", "as", "well"))
"""Words that may stand between two questions, and add nothing."""
_JOINING_OR_POINTED = _JOINING | {"it", "that", "this", "they"}
"""These too, for which the thing stands in a clause that was completed."""
_ENDED = (".", ";", "?", "!")

_LEANS = late_regex(
    r"\b(?:do|does|did|is|are|was|were|will|would|can|could|should|has|have) "
    r"(?:that|this|it|they|these|those|one)\b",
    re.IGNORECASE,
)
"""Finds a question about what stands before it ("how long does that take?"): no ask of its own."""

_POINTS = late_regex(
    r"\b(?:it|that|this|they|them|these|those|one|(?<!is )(?<!are )there)\b", re.IGNORECASE
)


def leans(clause: str) -> bool:
    """Returns True for a clause with a word for what stands before it ("who pays for that").

    One that only its mark makes a question may be idle ("any ideas?"): it says as little.
    """
    return clause.endswith("?") or _POINTS.search(clause) is not None


def only_asks(text: str, clauses: Sequence[str]) -> bool:
    """Returns True where a text says nothing but these clauses that ask, each by itself.

    >>> only_asks("Are you hiring, and when are you open?", ["Are you hiring", "when are you open"])
    True
    >>> only_asks("Are you hiring? I am angry. Are you open?", ["Are you hiring", "Are you open"])
    False
    """
    if any(map(leans, clauses)):
        return False
    left = Counter(_WORD.findall(text.casefold()))
    left.subtract(_WORD.findall(" ".join(clauses).casefold()))
    return _JOINING_OR_POINTED.issuperset(word for word, count in left.items() if count > 0)


def asks_in(text: str) -> tuple[str, ...]:
    """Returns the clauses that ask, where there are two or three; else none.

    What only its mark makes a question keeps the mark. A clause that leans on the one before gets
    its thing, where that is clear.

    >>> asks_in("Cancel my subscription and delete my data")
    ('Cancel my subscription', 'delete my data')
    >>> asks_in("My card is lost and besides that my address changed")
    ('My card is lost', 'my address changed')
    >>> asks_in("Student discount? And price match?")
    ('Student discount?', 'price match?')
    >>> asks_in("What does a tuning cost, and how long does it take?")
    ('What does a tuning cost', 'how long does a tuning take')
    >>> asks_in("change my name and address"), asks_in("Where are your terms and conditions?")
    ((), ())
    """
    if len(text) > MOST_CHARACTERS:
        return ()
    plain = " ".join(text.split())
    marked = [clause.strip(" ,") for clause in _GAP.split(plain)]
    if ", " in plain and _INVERTED.match(plain):
        marked = [c.strip(" ,") for part in marked for c in _NEXT_INVERTED.split(part)]
    if len(marked) < 2:
        return ()
    clauses = [clause.strip(" ,;.?!") for clause in marked]
    added = [clause for clause in clauses[1:] if _adds(clause)]
    asks = []
    for i, clause in enumerate(clauses):
        if clause in added or _ASK.match(clause):
            if clause in added or not _LEANS.search(clause):
                asks.append(clause)
            elif asks and (whole := completed(asks[-1], clause)):
                asks.append(whole)
        elif _is_marked(clause, marked[i], marked[i - 1] if i else "."):
            asks.append(clause + "?")
    if added and len(asks) == 1:
        asks.insert(0, clauses[clauses.index(added[0]) - 1])
    return tuple([_plain(c) for c in asks]) if 2 <= len(asks) <= MOST_ASKS else ()


def _is_marked(clause: str, marked: str, before: str) -> bool:
    """Returns True for a sentence that its mark makes a question: "Price match?".

    In "Do you take Visa and Apple Pay?" the mark is that of one ask.
    """
    return " " in clause and marked.endswith("?") and before.endswith(_ENDED)


def _adds(clause: str) -> bool:
    """Returns True for a clause that is said to come on top."""
    if clause.count(" ") + 1 < LEAST_ADDED or _LEANS.search(clause):
        return False
    return _ADDED.match(clause) is not None or _ADDED_AT_END.search(clause) is not None


def _plain(clause: str) -> str:
    """Returns a clause without the words that add it."""
    found = _ADDED.match(clause)
    rest = clause if found is None or "also" in found[0].lower() else clause[found.end() :]
    return _ADDED_AT_END.sub("", rest)
