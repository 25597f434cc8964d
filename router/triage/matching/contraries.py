"""Tells a request for the contrary of what an answer is about: to unfreeze where it freezes. Pure.

A contrary is one only where neither the answer nor its utterances say that word: what the operator
wrote for both is for both. English only; other languages are read by their gloss.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_LINES = (
    "add enter include: remove delete erase drop",
    "request copy send: delete erase",
    "remove delete: install add",
    "install: uninstall remove delete",
    "activate enable: deactivate disable",
    "cancel: restore",
    "delete close leave leaver: restore recreate recover",
    "increase raise extend: decrease reduce lower shorten",
    "decrease reduce lower: increase raise",
    "unsubscribe: subscribe resubscribe",
    "join: leave",
    "late later: early earlier",
    "faster express: slowed slower",
)
_PAIRS = [
    (frozenset(side.split()), frozenset(other.split()))
    for side, other in (line.split(": ") for line in _LINES)
]
"""Pairs words of an answer with words that then ask for its contrary."""
_ALWAYS_WORDS = "undo undone revert reverse reinstate uncancel reopen reactivate"
_ALWAYS = frozenset(_ALWAYS_WORDS.split())
"""Words that ask for the contrary of whatever stands beside them."""
_UNDOING = ("un", "dis", "de")
_SHORTEST_VERB = 4
"""Letters behind such a syllable from which it turns a verb round: `unlock`, but not `under`."""
_NOT_TURNED_WORDS = "discount display dispatch despatch depart delight"
_NOT_TURNED = frozenset(_NOT_TURNED_WORDS.split())
_OFF = re.compile(r"\b(?:switch|turn|log|sign|take|shut)\w* (?:\w+[ -]){0,4}off\b", re.IGNORECASE)
_OFF_LINE = "off disable deactivate remove stop end"
_OFF_WORDS = frozenset(_OFF_LINE.split())
_BACK = re.compile(
    r"\b(?:bring|get|give|have|put|take|want|need)\w* (?:it|them|this|that|her|him|my \w+)"
    r" (?:\w+ )?back\b",
    re.IGNORECASE,
)
_FOUND = re.compile(
    r"\b(?:i|we|he|she|they|you|it|was|were|police)(?:'ve|'s)? "
    r"(?:have |has |had |just |finally |been |now ){0,2}found\b|\bturned up again\b",
    re.IGNORECASE,
)
_GONE_WORDS = "lost lose stolen stole missing gone theft"
_GONE = frozenset(_GONE_WORDS.split())


class Contraries:
    """Holds the words by which requests ask for the contrary of one answer; immutable."""

    __slots__ = ("_known", "_lost", "_words")

    def __init__(self, known: frozenset[str]) -> None:
        """Takes the words of the answer and its utterances, lower case."""
        self._known = known
        turned = [
            other
            for side, other in _PAIRS
            if not side.isdisjoint(known) and other.isdisjoint(known)
        ]
        self._words = _ALWAYS.union(*turned) - known
        self._lost = not _GONE.isdisjoint(known)

    def asked(self, text: str, words: Collection[str]) -> bool:
        """Returns True for a text that asks for the contrary; `words` are its words.

        >>> shelf = Contraries(frozenset(("freeze", "my", "card", "lost")))
        >>> [shelf.asked(text, text.split()) for text in ("freeze it", "unfreeze it")]
        [False, True]
        """
        known = self._known
        if not self._words.isdisjoint(words) or _turned_round(words, known):
            return True
        if "off" in words and _OFF_WORDS.isdisjoint(known) and _OFF.search(text):
            return True
        if "back" in words and "back" not in known and _BACK.search(text):
            return True
        if not self._lost or "found" in known or "found" not in words:
            return False
        return _FOUND.search(text) is not None


def _turned_round(words: Collection[str], known: frozenset[str]) -> bool:
    """Returns True where a verb that is known stands behind a syllable that turns it round."""
    for word in words:
        if not word.startswith(_UNDOING) or word.endswith("ed"):
            continue
        if word in known or word in _NOT_TURNED:
            continue
        verbs: Sequence[str] = [word[len(one) :] for one in _UNDOING if word.startswith(one)]
        if any([len(verb) >= _SHORTEST_VERB and verb in known for verb in verbs]):
            return True
    return False
