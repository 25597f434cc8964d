"""Searches long texts piece by piece, so that other threads get their turn in between.

One search holds the interpreter's lock until it ends: over 2.8 million characters that is up to
half a second, in which a worker answers nobody, whatever thread searches. It knows nothing about
what is searched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PIECE = 16_384
"""Characters of a piece: the slowest pattern reads them in 4 ms, and a thread that waits for the
lock asks for it after 5."""

REACH = 1_024
"""Characters that a match may have, together with what the pattern looks at behind it."""


def search(
    pattern: re.Pattern[str],
    text: str,
    position: int = 0,
    end: int | None = None,
    *,
    reach: int = REACH,
) -> re.Match[str] | None:
    """Returns what `pattern.search(text, position, end)` returns.

    A match has at most `reach` characters, with what is looked at behind it. It may be longer only
    by a run that ends it, behind which one character is looked at.
    """
    end = len(text) if end is None else min(end, len(text))
    piece = max(PIECE, 4 * reach)
    while (stop := position + piece) + reach < end:
        found = pattern.search(text, position, stop + reach)
        if found is None or found.start() >= stop:
            position = stop
            continue
        if found.end() > stop:  # a long run may go on behind the piece
            start = found.start()
            found = pattern.match(text, start, end)
            if found is None:
                position = start + 1
                continue
        return found
    return pattern.search(text, position, end)


def matches(
    pattern: re.Pattern[str],
    text: str,
    position: int = 0,
    end: int | None = None,
    *,
    reach: int = REACH,
) -> Iterator[re.Match[str]]:
    """Yields what `pattern.finditer(text, position, end)` yields; no match is empty. See `search`.

    >>> [found[0] for found in matches(re.compile("[0-9]+"), "7 of 12")]
    ['7', '12']
    """
    while (found := search(pattern, text, position, end, reach=reach)) is not None:
        position = found.end()
        yield found
