"""Cuts a long turn into passages, so that chatter around a grave sentence hides it no longer.

The encoder reads 128 tokens and gives one vector: in a page of small talk a sentence about a chest
that hurts weighs little. Passages are sentences put together. It knows nothing about models.
"""

# ruff: noqa: RUF001 - sentences of other scripts end in other marks

from __future__ import annotations

import re

LONG_WORDS = 50
"""Words from which on a turn is read in passages too. Shorter ones fit into one vector, and to read
each of their sentences found no grave matter more in the adversarial suite."""

PASSAGE_WORDS, LONGEST_PASSAGE_WORDS = 40, 90
"""Words of a passage, as few as leave no sentence out; 90 are about what the encoder reads."""

MOST_PASSAGES = 16
"""Passages of one turn that are read: each costs as much as a short turn."""

_SENTENCE = re.compile(r"[^.!?\n。！？]*[.!?\n。！？]*\s*")


def passages(text: str) -> tuple[str, ...]:
    """Returns the passages of a long text, () for a short one.

    Of too many the ends are kept, where people say what they want, and an even choice between.

    >>> passages("Where is my order?")
    ()
    """
    spaces = text.count(" ")
    if spaces < LONG_WORDS:
        return ()
    most = min(max(PASSAGE_WORDS, -(-spaces // (MOST_PASSAGES - 1))), LONGEST_PASSAGE_WORDS)
    windows: list[str] = []
    words = 0
    for match in _SENTENCE.finditer(text):
        count = len(match[0].split())
        if not count:
            continue
        if windows and words + count <= most:
            windows[-1] += match[0]
            words += count
        else:
            windows.append(match[0])
            words = count
    if len(windows) > MOST_PASSAGES:
        step = (len(windows) - 1) / (MOST_PASSAGES - 1)
        windows = [windows[round(place * step)] for place in range(MOST_PASSAGES)]
    return tuple(windows) if len(windows) > 1 else ()
