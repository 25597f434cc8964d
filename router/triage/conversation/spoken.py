"""Tells the language that a conversation is in at each of its turns. Pure.

A short follow-up ("oui, la A-10442") seldom tells its own language. It is in that of the turns
before it, unless it clearly differs.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.triage.facts.languages import MOST_CHARS, UNKNOWN, continued, heard
from router.triage.text.folding import fold


def spoken_before(earlier: Sequence[str], remembered: str = UNKNOWN) -> list[str]:
    """Returns the language of the conversation before the last turn, and before each earlier one.

    `earlier` is newest first, and so is what is returned. `remembered` is the language of a session
    whose earlier turns are not told.

    >>> spoken_before(["Où est mon colis ?"])
    ['fr', '']
    """
    if not earlier:
        return [remembered]
    spoken, before = UNKNOWN, [UNKNOWN]
    for text in reversed(earlier):
        begin = text[:MOST_CHARS]
        spoken = continued(heard(begin, fold(begin).words), spoken) or spoken
        before.append(spoken)
    before.reverse()
    return before
