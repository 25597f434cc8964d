"""What a policy may say of heads of its own: which are read, and conditions on what they say.

The schema alone; files are looked at in `head_files`, conditions are asked in `head_conditions`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from router.policy.sections.base import Chance, Section
from router.policy.sections.text_forms import LABEL_NAME

BUILT_IN_CHANCES = ("stakes", "multi_factor", "strategic", "toxic", "spam")
"""Heads of the triage model that a policy may replace by one of its own: each says one chance."""
BUILT_IN = ("request_type", "domain", "novelty", *BUILT_IN_CHANCES)
"""What conditions may name without a file."""
NOT_REPLACED = ("request_type", "domain", "novelty", "difficulty")
"""Rules and abilities are written in the words and on the scale of these."""

HeadName = Annotated[str, Field(pattern=LABEL_NAME)]


class HeadSection(Section):
    """A head of one's own, read beside the built-in ones; `tiergate train head` makes it."""

    name: HeadName = Field(
        description="What conditions and signals call it; `spam`, `toxic`, `stakes`, "
        "`multi_factor` and `strategic` stand in for the built-in ones."
    )
    path: str = Field(description="Its .json file, relative to the policy; the .npz stands beside.")


class HeadCondition(Section):
    """Holds where a head gives any of these classes at least this chance."""

    head: HeadName = Field(
        description="One of `heads`, or request_type, domain, novelty, stakes, multi_factor, "
        "strategic, toxic, spam."
    )
    classes: list[str] = Field(
        default_factory=list, description="Of a head with several classes: any of these."
    )
    at: Chance = Field(default=0.5, description="From this chance on.")
