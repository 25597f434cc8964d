"""Says harmless phrases in plain words: a "bath bomb" is soap, "shoot hoops" is sport.

A head of requests to harm reads words, and such phrases hold the words of weapons. The text is read
once more with what they mean; everything else in it stands. It knows nothing about heads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from router.regexes.late import late_regex


class PlainWords:
    """Holds the phrases of a folder of terms, and their plain words; immutable.

    >>> plain = PlainWords({"bath bomb": "bath salt"})
    >>> text = "How do I make a Bath Bomb?"
    >>> plain.said(text, ["bath", "bomb"]), plain.said("a bomb", ["a", "bomb"])
    ('How do I make a bath salt?', '')
    """

    def __init__(self, phrases: Mapping[str, str]) -> None:
        self._plain = {
            " ".join(phrase.split()).casefold(): words for phrase, words in phrases.items()
        }
        # Longest first; most texts have no first word of any.
        longest = sorted(self._plain, key=len, reverse=True)
        forms = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in longest)
        self._form = late_regex(rf"\b(?:{forms})\b", re.IGNORECASE)
        self._first = {phrase.split()[0] for phrase in longest}

    def said(self, text: str, words: Sequence[str]) -> str:
        """Returns a text with its harmless phrases in plain words; "" where it has none.

        `words` are its folded ones.
        """
        if self._first.isdisjoint(words):
            return ""
        plain, count = self._form.subn(self._words, text)
        return plain if count and plain != text else ""

    def _words(self, match: re.Match[str]) -> str:
        # Turkish letters match an "i" in any case, and are no "i" in small letters.
        return self._plain.get(" ".join(match[0].split()).casefold(), match[0])
