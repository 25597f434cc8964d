"""Rewrites a text in other words by stated rules, for training; no rule changes the question.

Each rule swaps a phrase that English uses both ways. The rules know nothing of labels, and they
never change negation, numbers and names.
"""

from __future__ import annotations

import random
import re

_WAYS: tuple[tuple[str, ...], ...] = (
    ("how do i", "how can i", "what is the way to", "how would i"),
    ("can you", "could you", "would you"),
    ("i want to", "i would like to", "i'd like to", "i need to"),
    ("tell me", "let me know"),
    ("what is", "what's"),
    ("where is", "where's"),
    ("i am", "i'm"),
    ("i have", "i've"),
    ("it is", "it's"),
    ("do not", "don't"),
    ("does not", "doesn't"),
    ("cannot", "can't", "can not"),
    ("is not", "isn't"),
    ("because", "since"),
    ("maybe", "perhaps"),
    ("right now", "at the moment"),
    ("hello", "hi", "hey"),
    ("thanks", "thank you"),
)
"""Phrases of one meaning; each may replace the others."""

_OTHER_WAYS = {phrase: ways for ways in _WAYS for phrase in ways}
_PHRASE = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, _OTHER_WAYS), key=len, reverse=True)) + r")\b", re.I
)
_QUESTION = re.compile(r"(how|what|where|when|who|which|can|could|do|does|is|are|may)\b", re.I)
_FRAMES = ("{}", "{} please", "please: {}", "hi, {}", "hello, {}", "{}, thanks")
"""Frames around a whole text; the first adds nothing and is as likely as each of the others."""
_ASKING = ("i was wondering, {}", "quick question: {}")
FRAMED_CHARS = 120
"""Longer texts get no frame: a greeting around a page teaches nothing."""


def paraphrased(text: str, rng: random.Random) -> str:
    """Returns the text with about half of the known phrases reworded, and with a frame.

    >>> paraphrased("Where is my parcel", random.Random(1))
    "hello, where's my parcel"
    """
    other = _PHRASE.sub(lambda match: _another(match[0], rng), text)
    if len(other) > FRAMED_CHARS:
        return other
    frames = _FRAMES + (_ASKING if _QUESTION.match(other) else ())
    frame = rng.choice(frames)
    if not frame.startswith("{"):
        other = other[:1].lower() + other[1:]
    return frame.format(other.rstrip(" .") if not frame.endswith("{}") else other)


def _another(phrase: str, rng: random.Random) -> str:
    ways = [way for way in _OTHER_WAYS[phrase.lower()] if way != phrase.lower()]
    return rng.choice(ways) if rng.random() < 0.5 else phrase
