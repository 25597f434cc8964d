"""Tells the core of a message: what is left without its signature, contact details and frame.

"Hi, what is 17% of 3,200? Kind regards, Dana" asks for no more than its middle. Who answers a core
must understand all of it, so a core stands as it was written: nothing inside it is left out, and no
number but those of a signature. It knows nothing about models or policies.
"""

from __future__ import annotations

import re
from functools import lru_cache

from router.triage.framing.frame import may_be_framed, without_frame
from router.triage.framing.signatures import MOST_LINES, signs, without_signature
from router.triage.text.folding import fold

MOST_CHARACTERS = 1_000
"""A longer letter asks for more than a rule understands."""

_DIGIT = re.compile("[0-9]")
_NAME = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-Ž][^\W\d_]+|(?:[0-9][ ()/.-]{0,2}){7}")
"""Finds a word of a name, or a number of a telephone."""


@lru_cache(maxsize=16)  # several rungs of a policy ask about one message
def cores_of(text: str, language: str) -> tuple[str, ...]:
    r"""Returns a message without its signature, and that without its frame, of those that differ.

    >>> cores_of("Hi,\n\nwhat is 17% of 3,200?\n\nDana Firth\nTreasury", "en")
    ('Hi,\n\nwhat is 17% of 3,200?', 'what is 17% of 3,200?')
    """
    if len(text) > MOST_CHARACTERS:
        return ()
    unsigned = without_last_names(without_signature(text)).strip()
    words, core = fold(unsigned).words, unsigned
    if may_be_framed(unsigned, words, language):
        core = without_frame(unsigned, words, language)
    told = dict.fromkeys(one for one in (unsigned, core) if one and one != text)
    return tuple([one for one in told if _stands_in(one, text)])


def without_last_names(text: str) -> str:
    """Returns a message without a last paragraph of nothing but names and numbers."""
    begin = text.rstrip().rpartition("\n\n")[0]
    if not begin.strip():
        return text
    lines = text[len(begin) :].strip().split("\n")
    signed = len(lines) <= MOST_LINES and all(map(_is_signed, lines))
    return begin if signed else text


def _is_signed(line: str) -> bool:
    """Returns True for a line of a signature, "Dana Firth" or "T +44 113 496 0202"."""
    return _NAME.search(line) is not None and signs(line)


def _stands_in(core: str, text: str) -> bool:
    """Returns True for a core that stands in a text as it is, without numbers around it but those
    of a signature."""
    begin = text.find(core)
    if begin < 0 or _DIGIT.search(text[:begin]):
        return False
    own, *further = text[begin + len(core) :].split("\n")
    numbered = [line for line in further if _DIGIT.search(line)]
    return _DIGIT.search(own) is None and all(map(_is_signed, numbered))
