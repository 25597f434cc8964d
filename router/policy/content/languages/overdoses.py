"""Tells an overdose from a question about a medicine, by words of one language."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import Annotated

from pydantic import Field

from router.policy.schema import Section


class OverdoseSection(Section):
    """Gives what tells an overdose from a question about a medicine, and the text to send then.

    `words` are medicines, and `taken` says that too much or the wrong one was taken; a `#` in it
    stands for two digits. Without `taken` a medicine alone says it. Beside a word of `no_medicine`
    a tablet is none: one for the dishwasher is a poison.
    """

    words: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(min_length=1)
    taken: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(default_factory=list)
    no_medicine: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(
        default_factory=list
    )
    text: str = Field(min_length=1, max_length=2000)

    def named(self, text: str, *, poison: bool, before: str = "") -> bool:
        """Returns True where a text is about an overdose. `poison`: the matter found is a poison.

        A medicine is named, and in other emergencies also that it was taken: a word of `taken`, or
        two or three digits just before the medicine. An aching chest beside "my tablets" is no
        overdose. The medicine may stand in `before`, which was said before it: "I took 40" answers
        the question.
        """
        plain = f" {as_plain(text)} "
        if self._things is not None:
            plain = self._things.sub(" ", plain)
        if not _any_begins(plain, self._own):
            told = self._counted is not None and self._counted.search(plain) is not None
            return told and _any_begins(f" {as_plain(before)} ", self._own)
        if poison or not self.taken or _any_begins(plain, self._taken):
            return True
        counted = self._counted is not None and self._counted.search(plain) is not None
        return counted or self._count.search(plain) is not None

    @cached_property
    def _own(self) -> tuple[str, ...]:
        return tuple(map(as_plain, self.words))

    @cached_property
    def _taken(self) -> tuple[str, ...]:
        return tuple(as_plain(term) for term in self.taken if _MANY not in term)

    @cached_property
    def _things(self) -> re.Pattern[str] | None:
        """Finds a word for a medicine that stands near one of `no_medicine`, which says for what it
        is."""
        if not self.no_medicine:
            return None
        of = "|".join(re.escape(as_plain(term)) for term in self.no_medicine)
        words = "|".join(map(re.escape, self._own))
        before = rf"(?:{of})\w{{0,8}} ?(?:\w{{1,12}} )?(?:{words})\w*"
        return re.compile(rf"{before}|(?:{words})\w* (?:\w{{1,12}} ){{0,2}}(?:{of})\w*")

    @cached_property
    def _count(self) -> re.Pattern[str]:
        words = "|".join(map(re.escape, self._own))
        between = rf"(?:(?:{_OF}) (?:\w+ ){{0,3}}|\w+ )?"
        return re.compile(rf"(?<!\w){_TABLETS} ?(?!{_MEASURES}){between}(?:{words})")

    @cached_property
    def _counted(self) -> re.Pattern[str] | None:
        """Finds the terms of `taken` with a `#`, which stands for two digits that count something
        taken."""
        terms = [
            as_plain(term.replace(_MANY, _PLACE_OF_MANY)) for term in self.taken if _MANY in term
        ]
        if not terms:
            return None
        many = rf"{_NUMBER}(?! ?(?:{_MEASURES}|{_TIMES}))"
        forms = "|".join(re.escape(term).replace(_PLACE_OF_MANY, many) for term in terms)
        return re.compile(rf"(?: )(?:{forms})(?= )")


_NUMBER = r"(?:[1-9]\d|twelve|fifteen|twenty|thirty|forty|fifty|sixty)(?!\d)"
_TABLETS = rf"(?:[1-9]\d\d(?!\d)|{_NUMBER})"
"""Three digits count tablets just before a medicine; behind "took" they are mostly milligrams."""
_MANY, _PLACE_OF_MANY = "#", "zzmanyzz"
_OF = "of|von|der|de|di|del|da|van|z"
"""Words after which up to three more may stand before the medicine: "30 of my blue pills"."""
_TIMES = (
    r"(?:min\w*|hours?|hrs?|h|days?|weeks?|months?|years?|times|stunden?|tagen?|wochen?|monaten?|"
    r"jahren?|heures?|jours?|semaines?|mois|ans|horas?|dias?|semanas?|meses|anos|or[ae]|giorn[io]|"
    r"settiman[ae]|mesi|ann[io]|uur|dagen|weken|maanden|jaar|godzin\w*|dni|tygodni\w*|percent|"
    r"prozent|euros?|dollars?|pounds?)\b"
)
"""A time is no count of tablets either."""
_MEASURES = r"(?:mg|mcg|g|ml|kg)\b"
"""A dose is no count of tablets."""


def _any_begins(plain: str, words: tuple[str, ...]) -> bool:
    """Returns True where a word of a plain text begins with one of the words.

    Scripts without blanks have no beginnings of words, so that any place counts, as in Korean,
    where blanks are often left out.
    """
    return any(f" {word}" in plain or (word in plain and is_unspaced(word)) for word in words)


def as_plain(text: str) -> str:
    """Returns a text in small letters without accents, all but letters and digits made blanks."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = (letter for letter in letters if not unicodedata.combining(letter))
    # Vowels of Hindi are marks.
    return "".join(
        letter if letter.isalnum() or unicodedata.category(letter)[0] == "M" else " "
        for letter in kept
    )


def is_unspaced(word: str) -> bool:
    return word[0] >= _FIRST_UNSPACED or _FIRST_HANGUL <= word[0] <= _LAST_HANGUL


_FIRST_UNSPACED = "\u3040"
"""The first letter of the scripts that are written without blanks: kana and Chinese characters."""
_FIRST_HANGUL, _LAST_HANGUL = "\u1100", "\u11ff"
"""The letters of Korean syllables, which `as_plain` takes apart."""
