"""Reads several words in a row as one: a phrase of a glossary, the name of a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Runs = Mapping[str, Sequence[tuple[tuple[str, ...], str]]]
"""Holds by their first word the words in a row and what stands for them, the longest first."""


def joined(words: Sequence[str], runs: Runs) -> Sequence[str]:
    """Returns words with one in place of each run.

    >>> joined(["cuanto", "tarda", "esto"], {"cuanto": [(("cuanto", "tarda"), "cuanto tarda")]})
    ['cuanto tarda', 'esto']
    """
    if runs.keys().isdisjoint(words):
        return words
    found, at = list[str](), 0
    while at < len(words):
        word, length = words[at], 1
        for run, one in runs.get(word, ()):
            if tuple(words[at : at + len(run)]) == run:
                word, length = one, len(run)
                break
        found.append(word)
        at += length
    return found
