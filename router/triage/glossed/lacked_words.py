"""Tells where a gloss has a word that an approved answer lacks: "do you deliver to Switzerland".

An answer has the words that it and its utterances have in English, those that a glossary makes of
what the operator wrote in the language, and those that say the same. It knows nothing about
chances.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from router.regexes.words import words_and_contractions
from router.triage.facts.lacking import lacks, stems_of
from router.triage.glossed.glossary import Gloss, Glossary
from router.triage.glossed.same_words import ANY_COUNTRY, GOODS, SAME, SAYS_LITTLE, THINGS
from router.triage.text.folding import fold

Texts = Mapping[str, Sequence[str]]
"""Holds by intent what an operator wrote: the answer, its utterances, its title."""

_SAME = tuple(map(stems_of, SAME))
_ANY_COUNTRY = stems_of(ANY_COUNTRY)
_LITTLE = stems_of(SAYS_LITTLE)
_GOODS, _THINGS = stems_of(GOODS), stems_of(THINGS)


_WITHIN = re.compile(r"(?<=[^\W\d_] )[^\W\d_]{3,30}")
"""Finds the words that stand behind another one, at which no sentence begins."""
_DATE_WORDS = (
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag wochenende januar "
    "februar marz april mai juni juli august september oktober november dezember uhr sie ihnen "
    "ihre ihren ihrem ihrer ihres"
)
_NO_NAMES = frozenset(_DATE_WORDS.split())
"""Words with a capital letter that say when, or to whom."""


def _is_word(_: str) -> bool:
    """Returns True: a glossary has no spelling mistakes."""
    return True


class _Said(NamedTuple):
    """Holds the beginnings of the words of one answer and its questions."""

    english: frozenset[str]
    own: frozenset[str]  # in the language


class ApprovedWords:
    """Holds what the answers of one language say. Threads may share it: only what it keeps of
    answers changes."""

    def __init__(self, glossary: Glossary, english: Texts, said: Texts) -> None:
        """Takes the operator's texts in English and in the language."""
        self._glossary, self._english, self._said = glossary, english, said
        self._said_by: dict[str, _Said] = {}

    def lacks(self, gloss: Gloss, intent: str, text: str) -> bool:
        """Returns True where a word says what is asked for, and the answer lacks it.

        Such are English words of the gloss, and words of the `text` itself that the glossary lacks,
        where they have a capital letter: a name ("nach Italien"), and in German any noun. Of 1,181
        sure and right answers to written questions none lacks one.
        """
        said = self._said_by.get(intent)
        if said is None:  # two threads that read one answer read the same
            said = self._said_by[intent] = self._said_of(intent)
        if not _ANY_COUNTRY.isdisjoint(said.english):
            # A glossary writes names of countries with a capital letter, too.
            words = [word for word in gloss.meant if not word[:1].isupper()]
            return lacks(words, said.english, _is_word)
        if lacks(map(str.lower, gloss.meant), said.english, _is_word):
            return True
        own = said.english | said.own
        return any(stems_of([name]).isdisjoint(own) for name in self._names(text))

    def _names(self, text: str) -> Iterator[str]:
        """Yields folded words with a capital letter within a text, which the glossary lacks."""
        for name in _WITHIN.findall(text):
            words = fold(name).words if name[0].isupper() else ()
            gloss = self._glossary.gloss(words)
            if gloss is not None and gloss.unknown and _NO_NAMES.isdisjoint(words):
                yield from words

    def _said_of(self, intent: str) -> _Said:
        words = set(words_and_contractions(" ".join(self._english.get(intent, ())).lower()))
        own = set[str]()
        for text in self._said.get(intent, ()):
            folded = fold(text).words
            own.update(folded)
            gloss = self._glossary.gloss(folded)
            words.update(map(str.lower, gloss.meant) if gloss is not None else ())
        stems = stems_of(words)
        same = [same for same in _SAME if not same.isdisjoint(stems)]
        things = () if _GOODS.isdisjoint(stems) else _THINGS
        goods = () if _THINGS.isdisjoint(stems) else _GOODS
        return _Said(stems.union(_LITTLE, things, goods, *same), stems_of(own))
