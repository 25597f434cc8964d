"""Tells where a gloss has a word that an approved answer lacks: "do you deliver to Switzerland".

An answer has the words that it and its utterances have in English, those that a glossary makes of
what the operator wrote in the language, and those that say the same. It knows nothing about
chances.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from router.regexes.words import words_and_contractions
from router.triage.facts.lacking import lacks, stems_of
from router.triage.glossed.glossary import Gloss, Glossary
from router.triage.glossed.same_words import ANY_COUNTRY, SAME, SAYS_LITTLE
from router.triage.text.folding import fold

Texts = Mapping[str, Sequence[str]]
"""Holds by intent what an operator wrote: the answer, its utterances, its title."""

_SAME = tuple(map(stems_of, SAME))
_ANY_COUNTRY = stems_of(ANY_COUNTRY)
_LITTLE = stems_of(SAYS_LITTLE)


class ApprovedWords:
    """Holds what the answers of one language say. Threads may share it: only what it keeps of
    answers changes."""

    def __init__(
        self, glossary: Glossary, english: Texts, said: Texts, exists: Callable[[str], bool]
    ) -> None:
        """Takes the operator's texts in English and in the language; `exists` tells words."""
        self._glossary, self._english, self._said = glossary, english, said
        self._exists = exists
        self._stems: dict[str, frozenset[str]] = {}

    def lacks(self, gloss: Gloss, intent: str) -> bool:
        """Returns True where a word of a gloss says what is asked for, and the answer lacks it."""
        stems = self._stems.get(intent)
        if stems is None:  # two threads that read one answer read the same
            stems = self._stems[intent] = self._stems_of(intent)
        words = gloss.meant
        if not _ANY_COUNTRY.isdisjoint(stems):  # a glossary writes names with a capital letter
            words = frozenset(word for word in words if not word[:1].isupper())
        return lacks(map(str.lower, words), stems, self._exists)

    def _stems_of(self, intent: str) -> frozenset[str]:
        words = set(words_and_contractions(" ".join(self._english.get(intent, ())).lower()))
        for text in self._said.get(intent, ()):
            gloss = self._glossary.gloss(fold(text).words)
            words.update(map(str.lower, gloss.meant) if gloss is not None else ())
        stems = stems_of(words)
        return stems.union(_LITTLE, *[same for same in _SAME if not same.isdisjoint(stems)])
