"""Tells an animal in danger from a person in danger, by words of one language."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated

from pydantic import Field

from router.policy.content.languages.overdoses import as_plain, is_unspaced
from router.policy.schema import Section

Part = Annotated[str, Field(min_length=1, max_length=40)]


class AnimalSection(Section):
    """Gives the words that tell of an animal in danger, and the text that then stands first.

    An animal of `who` is told of, and at most `apart` words later what it `did`; only words of
    `between` stand there, any where that is empty. "My son ate the dog's tablets" tells of no
    animal in danger, and words of `unless` ("hot dog") name none. `instead` is a sentence of the
    other words that the text says better. Where one of `people` is named too, somebody may be in
    danger beside the animal, and the words for people stand first.
    """

    who: list[Part] = Field(min_length=1)
    did: list[Part] = Field(min_length=1)
    apart: int = Field(default=2, ge=0, le=8)
    between: list[Part] = Field(default_factory=list)
    unless: list[Part] = Field(default_factory=list)
    people: list[Part] = Field(default_factory=list)
    text: str = Field(min_length=1, max_length=500)
    instead: str = Field(default="", max_length=200)

    def named(self, text: str) -> bool:
        """Returns True where a text tells of an animal in danger."""
        plain = _padded(text)
        if self._none is not None:
            plain = self._none.sub(" ; ", plain)
        return self._told.search(plain) is not None

    def beside(self, words: str, text: str, *, first: bool = True) -> str:
        """Returns the text for an animal and `words`, which are for people.

        It stands above them, unless `text`, which tells of the animal, names somebody too. `first`:
        nothing else in the conversation tells of a person in danger.
        """
        rest = words.replace(self.instead, "").rstrip() if self.instead else words
        above, below = self.text, rest
        if not first or self._names_people(text):
            above, below = rest, self.text
        blank = " " if above[-1].isascii() else ""
        return f"{above}{blank}{below}"

    def _names_people(self, text: str) -> bool:
        return self._people is not None and self._people.search(_padded(text)) is not None

    @cached_property
    def _told(self) -> re.Pattern[str]:
        who, did, between = map(_any_of, (self.who, self.did, self.between or [""]))
        if self._unspaced:
            return re.compile(rf"(?:{who})[^;]{{0,{4 * self.apart}}}?(?:{did})")
        between = rf"(?:{between})" if self.between else r"[^\s;]+"
        return re.compile(rf" (?:{who})(?: {between}){{0,{self.apart}}} (?:{did})(?= )")

    @cached_property
    def _none(self) -> re.Pattern[str] | None:
        if not self.unless:
            return None
        words = _any_of(self.unless)
        return re.compile(words if self._unspaced else rf" (?:{words})(?= )")

    @cached_property
    def _people(self) -> re.Pattern[str] | None:
        if not self.people:
            return None
        words = _any_of(self.people)
        return re.compile(words if self._unspaced else rf" (?:{words})(?= )")

    @property
    def _unspaced(self) -> bool:
        return is_unspaced(as_plain(self.did[0]))


def _padded(text: str) -> str:
    """Returns a text as plain words with a blank around each."""
    return f" {' '.join(as_plain(text).split())} "


def _any_of(words: list[str]) -> str:
    return "|".join(re.escape(" ".join(as_plain(word).split())) for word in words)
