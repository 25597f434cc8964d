"""Holds safe texts for what a text names: a device at a bed, an attack on computers, a fire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from router.policy.content.languages.english_words import Words
from router.policy.content.languages.overdoses import as_plain, is_unspaced
from router.policy.schema import Section


class NamedThingSection(Section):
    """Gives what a text names (`words`, parts of words in small letters), and the text then."""

    words: list[Annotated[str, Field(min_length=2, max_length=80)]] = Field(min_length=1)
    text: Words

    def named(self, text: str) -> bool:
        """Returns True where a text names one of the things."""
        plain = text.casefold()
        return any(word in plain for word in self.words)


class FireSection(Section):
    """Gives the words that name a fire or its smoke, and the text then.

    They count as whole words in a row, so that "Feuer" is not found in a fire extinguisher
    ("Feuerlöscher"); in scripts without blanks anywhere.
    """

    words: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(min_length=1)
    text: Words

    def named(self, text: str) -> bool:
        """Returns True where a text names a fire."""
        plain = f" {' '.join(as_plain(text).split())} "
        return any(_stands(" ".join(as_plain(word).split()), plain) for word in self.words)


def _stands(word: str, plain: str) -> bool:
    return word in plain if is_unspaced(word) else f" {word} " in plain
