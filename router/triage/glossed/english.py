"""Tells how many words of a text are English, for short texts that may be in another language.

The list of words of the triage model has foreign ones too ("colis" is in four of its texts), and so
have an operator's utterances ("I need faktura"). So a word counts as English where a glossary puts
another word into it, or where many texts have it. It knows nothing about other languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from router.triage.text.folding import fold

NEUTRAL = 2
"""Letters up to which a word tells no language; numbers tell none either."""


def tells_nothing(word: str) -> bool:
    """Returns True for numbers and for words that are too short to tell a language."""
    return len(word) <= NEUTRAL or word.isdigit()


class EnglishWords:
    """Holds the words that are surely English; threads may share it. Common words of texts are kept
    among them, which are no more than a model's list has."""

    def __init__(self, texts: Iterable[str], common: Callable[[str], bool]) -> None:
        """Takes English texts, and what tells a word that many English texts have."""
        self._words = {word for text in texts for word in fold(text).words}
        self._common = common

    def share(self, words: Sequence[str]) -> float:
        """Returns the share of folded words that are no other language's, 1 for no words.

        >>> english = EnglishWords(["track my order"], lambda word: word == "please")
        >>> english.share(["track", "order", "8812", "please"]), english.share(["colis", "8812"])
        (1.0, 0.5)
        """
        others = 0
        for word in [word for word in words if word not in self._words]:
            if self._common(word):
                self._words.add(word)
            elif not tells_nothing(word):
                others += 1
        return 1.0 - others / len(words) if others else 1.0
