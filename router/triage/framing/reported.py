"""Finds the question that somebody passes on: 'A customer asked "Is there a warranty?" and I ...'.

Around it stand only words that tell who asked, and that its sender had no answer. Alone, such words
("I did not know what to tell them") sound like somebody's trouble. English only. It knows nothing
about models or policies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.regexes.late import late_regex

MOST_CHARACTERS = 400
"""A longer message has more to say than a question."""
LEAST_WORDS = 3
"""Words of the question: "Why?" asks for nothing."""

_WHO = (
    r"(?:(?:a|an|one|some|another|my|our|the|this|that) )?(?:of (?:my|our|the) )?"
    r"(?:(?:new|old|elderly|young|regular|other) )?(?:customers?|clients?|guests?|visitors?|"
    r"callers?|shoppers?|buyers?|users?|members?|people|persons?|lady|woman|man|gentleman|faq)|"
    r"somebody|someone"
)
"""Matches those who ask a firm. What a husband, a boss or "she" asks is asked of the sender: "My
husband asked me 'Where are you?'" is no question about a shop."""
_WHEN = r"(?: (?:just|today|yesterday|this morning|earlier|now|just now|on the phone|in the shop))?"
_ASKED = (
    r"(?:(?:just|also) )?(?:(?:has |have |had )?asked|asks?|is asking|was asking|keeps? asking|"
    r"wants? to know|wanted to know)(?: me| us)?"
)
_BEFORE = late_regex(
    rf"(?:(?:hi|hello|hey|so),? )?(?:(?:{_WHO})(?: of mine)?{_WHEN} {_ASKED}|"
    rf"(?:i|we) (?:was|were|got|have been|am|are)(?: just)? asked){_WHEN}(?: this)?[:,]?",
    re.IGNORECASE,
)
_THEM = r"(?: (?:to )?(?:them|him|her|that(?: person)?|the customer|the client))?"
_SAY = rf"(?:tell|say|answer|reply|respond|write){_THEM}"
_KNOW = r"(?:did not|didn['\u2019]?t|do not|don['\u2019]?t|could not|couldn['\u2019]?t)"
_I = "(?:i|we)"
_BEHIND = late_regex(
    rf"{_WHEN}[.!,;]?(?: (?:and|but|so))?(?: (?:"
    rf"{_I} {_KNOW} (?:really )?(?:know (?:what to {_SAY}|the answer|how to answer{_THEM}|it)|"
    rf"answer(?: it)?{_THEM}|{_SAY}|have an answer)|"
    rf"{_I} (?:had|have) no (?:idea|answer|clue)(?: what to {_SAY}| for{_THEM})?|"
    rf"{_I}(?: was|'m| am|\u2019m) not sure(?: what to {_SAY})?|"
    rf"what (?:do|should|shall|can|could|would) {_I} {_SAY}|"
    r"(?:can|could) you (?:help|answer(?: it| that)?|tell me)))?[.?!]*"
    r"(?: (?:thanks|thank you)[.!]*)?",
    re.IGNORECASE,
)
_QUOTED = re.compile('["\u201c\u201d]([^"\u201c\u201d]{8,300})["\u201c\u201d]')
_WORD = re.compile(r"[^\W\d_]+")
_CUES = frozenset(("asked", "ask", "asks", "asking", "know"))


def reported_question(text: str, words: Sequence[str]) -> str:
    """Returns the question that a message passes on; "" for any other message.

    `words` are the folded ones of the message.

    >>> told = 'A customer asked me "Is there a warranty?" and I did not know what to tell them.'
    >>> reported_question(told, ("a", "customer", "asked"))
    'Is there a warranty?'
    >>> reported_question('My son said "I will end it" and I cry.', ("my", "son", "said"))
    ''
    """
    if len(text) > MOST_CHARACTERS or _CUES.isdisjoint(words):
        return ""
    quoted = _QUOTED.search(text)
    if quoted is None or len(_WORD.findall(quoted[1])) < LEAST_WORDS:
        return ""
    before, behind = text[: quoted.start()].strip(), text[quoted.end() :].rstrip()
    known = _BEFORE.fullmatch(before) and _BEHIND.fullmatch(behind)
    return quoted[1].strip() if known else ""
