"""Counts words that exist, which prove a disguise."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Knows = Callable[[str], bool]
"""True for a lower-case word that exists in some language the model was trained on."""

SHORTEST_WORD = 4
"""Letters of a word that proves a disguise. Shorter ones exist in nearly any order: of 40,000 real
texts, 1 % looked reversed or leet with three letters, .15 % with four."""


def known(words: Iterable[str], knows: Knows) -> int:
    """Returns the number of words long enough to prove something that exist."""
    return sum(len(word) >= SHORTEST_WORD and knows(word) for word in words)
