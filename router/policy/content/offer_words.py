"""Describes the approved words around the questions that level 1 offers."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from router.policy.content.keys import ApprovedWords
from router.policy.sections.base import Section


class OfferSection(Section):
    """Holds the words around the questions that level 1 offers when it is nearly sure.

    One question alone has words of its own, as it is no list. A file that words the list in its own
    way, and not these, has it as a list of one: approved words are never mixed with others. The
    defaults are English: give a file of another language its own.
    """

    before: ApprovedWords = "Did you mean one of these?"
    after: ApprovedWords = "Reply with its number, or ask in other words."
    before_one: ApprovedWords | None = Field(
        default="Did you mean this?",
        description="What stands before one question alone. Left out beside `before` or `after`: "
        "it is a list of one.",
    )
    after_one: ApprovedWords | None = Field(
        default="Reply yes, or ask in other words.",
        description="What stands after one question alone; given where `before_one` is.",
    )

    other_unknown: ApprovedWords | None = Field(
        default="I found no approved answer here to your other question.",
        description="What stands before the offer where a message asks for two things, and only "
        "the offered one has an approved answer. Left out beside `before` or `after`: no words.",
    )

    @model_validator(mode="before")
    @classmethod
    def _of_one_hand(cls, value: object) -> object:
        if isinstance(value, Mapping) and not {"before", "after"}.isdisjoint(value):
            return {"before_one": None, "after_one": None, "other_unknown": None, **value}
        return value

    @model_validator(mode="after")
    def _come_together(self) -> OfferSection:
        if (self.before_one is None) is not (self.after_one is None):
            raise ValueError("before_one and after_one together")
        return self

    @property
    def one(self) -> tuple[str, str] | None:
        """Returns the words before and after one question alone; None where it is a list of one."""
        if self.before_one is None or self.after_one is None:
            return None
        return self.before_one, self.after_one
