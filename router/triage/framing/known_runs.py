"""Cuts a message into known phrases, for those who name messages of nothing but such ones. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from router.triage.text.folding import fold

Phrases = frozenset[tuple[str, ...]]


def phrases_of(text: str) -> Phrases:
    """Returns the folded words of phrases with `|` between."""
    return frozenset(fold(phrase).words for phrase in text.split("|"))


def known_runs(words: Sequence[str], known: Phrases) -> list[tuple[str, ...]]:
    """Returns the known phrases that words are made of, [] where any other word is among them.

    >>> known_runs(("good", "night", "all"), phrases_of("good night|good|all"))
    [('good', 'night'), ('all',)]
    """
    phrases: list[tuple[str, ...]] = []
    longest, at = _longest(known), 0
    while at < len(words):
        # The longest phrase first: "that s all for today" is one.
        ends = range(min(len(words), at + longest), at, -1)
        end = next((end for end in ends if tuple(words[at:end]) in known), 0)
        if not end:
            return []
        phrases.append(tuple(words[at:end]))
        at = end
    return phrases


@lru_cache(maxsize=8)
def _longest(known: Phrases) -> int:
    return max(map(len, known))
