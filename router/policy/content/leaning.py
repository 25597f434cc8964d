"""Finds questions that lean on an earlier message, such as "and what does it cost?". Pure.

Such a question names no matter of its own: it points at one ("it", "that", "the rate"). With the
message that has the matter it is a whole question. It knows nothing about intents.
"""

from __future__ import annotations

import re
from itertools import pairwise

from router.types import ChatRequest

MAX_BACK = 4
"""Earlier messages that are looked through for what a message leans on."""
MAX_WORDS = 10
MAX_CHARACTERS = 200
"""A longer message has a matter of its own, or several."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_POINTS_WORDS = "it that this they them these those one ones there it's that's its itll it'll then"
_POINTS = frozenset(_POINTS_WORDS.split())
"""Words that stand for something said before."""
_PARTS_WORDS = (
    "charge charges cost costs deadline decision fee fees interest limit maximum minimum postage "
    "price prices rate rates rest"
)
_PARTS = frozenset(_PARTS_WORDS.split())
"""What many things have: "the rate" is the rate of what was spoken of."""
_OF_ANY_WORDS = "account bank card cash money wallet"
_OF_ANY = frozenset(_OF_ANY_WORDS.split())
"""What any matter of ours may end with: "and when is the money on my card?" asks about the one
spoken of, while "freeze my card" has a verb that names one."""
_WHOSE = frozenset({"my", "our", "the"})
_ASKING_WORDS = (
    "are can could did do does how how's is should what what's when when's where where's which who "
    "who's why will would"
)
_ASKING = frozenset(_ASKING_WORDS.split())
_WITHOUT_MATTER_WORDS = (
    "a again all already also am an and any anyone anything are arrive arrived as at back be "
    "been being but by can can't cannot come comes coming cost costs could d did do does "
    "doesn't don't done else ever exactly expensive extra find for free from get gets getting "
    "go goes going got had happen happened happens has have having hear how i i'd i'll i'm if "
    "in is isn't it's just know let like long ll look m many may me mean might more much must "
    "my myself need needs new no not now of off ok okay old on online or other our out over "
    "own paid pay pays please possible price put re right s see should so soon start still "
    "sure take takes tell than that'll the their then thing to too true up us use usually ve "
    "until want wanted was way we were what what's when when's where where's which who who's "
    "whose why will with won't work working works worth would yes yet you your"
)
_COURTESIES_WORDS = (
    "ah alright bye cheers cool fine good great hello hey hi nice oh perfect sorry thank thanks"
)
_WITHOUT_MATTER = _POINTS | frozenset(f"{_WITHOUT_MATTER_WORDS} {_COURTESIES_WORDS}".split())
"""Words that name no matter: a message of these alone asks about something said before."""


def leans(text: str) -> bool:
    """Returns True for a short question whose matter stands in an earlier message.

    >>> [leans(t) for t in ("and when will it come?", "what's the rate", "is it hot in Rome?")]
    [True, True, False]
    """
    if len(text) > MAX_CHARACTERS:
        return False
    words = _words(text)
    asks = text.rstrip().endswith("?") or not _ASKING.isdisjoint(words[:2])
    joined = points(text) or words[:1] == ["and"]
    return asks and joined and 2 <= len(words) <= MAX_WORDS and not _matter(words)


def points(text: str) -> bool:
    """Returns True where a word stands for something said before; "and" alone joins on to it.

    >>> points("and what does it cost?"), points("and when do I get my money?")
    (True, False)
    """
    words = _words(text)
    parts = any(one == "the" and other in _PARTS for one, other in pairwise(words))
    return parts or not _POINTS.isdisjoint(words)


def leant_on(request: ChatRequest) -> str | None:
    """Returns the user's message that the last one cannot be understood without, else None."""
    for text in _earlier_texts(request):
        if len(text) > MAX_CHARACTERS:
            return None
        # A number alone was the reply to a question of ours.
        if not all(any(c.isdigit() for c in word) for word in _matter(_words(text))):
            return text
    return None


def _earlier_texts(request: ChatRequest) -> list[str]:
    """Returns the user's messages before one that leans, newest first; [] before any other."""
    turns = [message for message in request.messages if message.role == "user"]
    if len(turns) < 2 or not leans(turns[-1].text):
        return []
    return [turn.text for turn in turns[-2 : -2 - MAX_BACK : -1]]


def _matter(words: list[str]) -> list[str]:
    """Returns the words that name something, numbers as well."""
    return [
        word
        for before, word in pairwise(["", *words])
        if word not in _WITHOUT_MATTER
        and not (before == "the" and word in _PARTS)
        and not (before in _WHOSE and word in _OF_ANY)
    ]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold().replace("\u2019", "'"))
