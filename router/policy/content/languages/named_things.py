"""Holds safe texts for what a text names: a device at a bed that fails, an attack on computers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from router.policy.content.languages.english_words import Words
from router.policy.schema import Section


class NamedThingSection(Section):
    """Gives what a text names (`words`, parts of words in small letters), and the text then."""

    words: list[Annotated[str, Field(min_length=2, max_length=80)]] = Field(min_length=1)
    text: Words

    def named(self, text: str) -> bool:
        """Returns True where a text names one of the things."""
        plain = text.casefold()
        return any(word in plain for word in self.words)
