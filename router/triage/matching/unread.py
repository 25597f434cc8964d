"""Says what a match is worth in a language that no model reads. Pure.

The encoder knows such a text by the words and letters that it shares with an utterance. Its chance
was fitted on English, and says too much: where a company's file and its customers were German, or
of another such language, .69 of the answers at .90 were right.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.triage.match import shifted
from router.types import Match

SLOPE, SHIFT = 0.449, -0.782
"""Log-odds that a match is right, by those that it shows: of 2,106 written questions in seven
languages, asked of a file that has other questions of the same language, a third of them without
their answer. With each language held out, what is at .5 to .65 says .57 and is right in .62, what
is at .65 or more .72 and .65. No chance rises: of what strangers ask nothing was fitted."""
TOGETHER_SLOPE, TOGETHER_SHIFT = 0.379, -0.487
"""The same of the likeliest answers together."""


def of_unread(match: Match, together: float, highest: float) -> Match:
    """Returns a match with the chances that it has in such a language.

    `together` is the chance of the likeliest answers as the verifier tells it, and `highest` the
    highest one that the file shows.
    """
    confidence = min(match.confidence, shifted(match.confidence, highest, SLOPE, SHIFT))
    of_set = min(together, shifted(together, highest, TOGETHER_SLOPE, TOGETHER_SHIFT))
    return replace(match, confidence=confidence, together=max(confidence, of_set))
