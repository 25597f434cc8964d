"""Holds safe texts for what only English words tell: a child in a hot car."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from router.policy.content.knowledge import contains_any
from router.policy.schema import Section

Words = Annotated[str, Field(min_length=1, max_length=2000)]
Term = Annotated[str, Field(min_length=2, max_length=80)]


class ShutInSection(Section):
    """Gives the words that tell of somebody (`who`) who is shut in (`where`) in the heat (`heat`),
    and the text then."""

    who: list[Term] = Field(min_length=1)
    where: list[Term] = Field(min_length=1)
    heat: list[Term] = Field(min_length=1)
    text: Words

    def named(self, text: str) -> bool:
        """Returns True where words of all three stand in the text."""
        return all(contains_any(text, tuple(of)) for of in (self.who, self.where, self.heat))


class EnglishWords(Section):
    """Holds these texts; where one is left out, that of `medical_emergency` is sent."""

    hot_car: ShutInSection | None = None

    def of(self, text: str) -> str:
        """Returns the text for an emergency of health that `text` names, "" for none."""
        return self.hot_car.text if self.hot_car is not None and self.hot_car.named(text) else ""
