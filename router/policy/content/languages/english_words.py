"""Holds safe texts for what only English words tell: an animal, a child in a hot car."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from router.policy.content.knowledge import contains_any
from router.policy.schema import Section

Words = Annotated[str, Field(min_length=1, max_length=2000)]
Term = Annotated[str, Field(min_length=2, max_length=80)]


class ShutInSection(Section):
    """Gives the words that tell of somebody (`who`) who is shut in (`where`), and the text then."""

    who: list[Term] = Field(min_length=1)
    where: list[Term] = Field(min_length=1)
    text: Words

    def named(self, text: str) -> bool:
        """Returns True where both stand in the text."""
        return contains_any(text, tuple(self.who)) and contains_any(text, tuple(self.where))


class EnglishWords(Section):
    """Holds these texts; one that is left out is that for people."""

    animal_opening: Words | None = None  # `opening`, where an animal may be in danger
    animal: Words | None = None  # `medical_emergency`, where it is an animal's
    hot_car: ShutInSection | None = None  # the same of a child in one

    def of(self, text: str, *, animal: bool) -> str:
        """Returns the text for an emergency of health that `text` names, "" for none."""
        if self.hot_car is not None and self.hot_car.named(text):
            return self.hot_car.text
        return (self.animal if animal else None) or ""
