"""Holds the safe text for a device that keeps a patient alive, or gives a medicine, and fails."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from router.policy.content.languages.english_words import Words
from router.policy.schema import Section


class BedsideSection(Section):
    """Gives the devices (`words`, parts of words in small letters), and the text to send then."""

    words: list[Annotated[str, Field(min_length=2, max_length=80)]] = Field(min_length=1)
    text: Words

    def named(self, text: str) -> bool:
        """Returns True where a text names one of the devices."""
        plain = text.casefold()
        return any(word in plain for word in self.words)
