"""Describes a policy's own heads, and conditions on the output of heads.

This is only the schema. `head_files` reads the files, `head_conditions` tests the conditions.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from router.policy.sections.base import LABEL_NAME, Chance, Section

BUILT_IN_CHANCES = ("stakes", "multi_factor", "strategic", "toxic", "spam")
"""Lists heads of the triage model that a policy may replace by its own. Each gives one chance."""
OF_NO_FILE = ("grave", "matter", "knowledge", "terms")
"""Lists what the reader of grave matters says, and the phrases of term lists."""
BUILT_IN = ("request_type", "domain", "novelty", *OF_NO_FILE, *BUILT_IN_CHANCES)
"""Lists the heads that conditions may name without a file."""
NOT_REPLACED = ("request_type", "domain", "novelty", "difficulty", *OF_NO_FILE)
"""Lists the heads that no policy may replace. Rules use the words of these heads, and abilities use
their scale."""

HeadName = Annotated[str, Field(pattern=LABEL_NAME)]


class HeadSection(Section):
    """Adds your own head to the built-in ones. `tiergate train head` makes it."""

    name: HeadName = Field(
        description="Name in conditions and signals. A head named `spam`, `toxic`, `stakes`, "
        "`multi_factor` or `strategic` replaces the built-in one."
    )
    path: str = Field(
        description="Its .json file, relative to the policy. The .npz file is next to it."
    )
    close: str | None = Field(
        default=None,
        description="Reads closely what the head is unsure of, in place of it: the .json file of a "
        "close reader, relative to the policy, with its .npz and .onnx files next to it. `tiergate "
        "train harm-close` makes it. For heads of one chance. It may also read "
        "what the reader of grave matters is unsure of, in English.",
    )


class HeadCondition(Section):
    """Holds when a head gives any of these classes at least this chance."""

    head: HeadName = Field(
        description="One of `heads`, or request_type, domain, novelty, stakes, multi_factor, "
        "strategic, toxic, spam, grave, knowledge; or `matter`, whose class is the likeliest "
        "grave matter (self_harm, violence, fraud ...) at the chance of `grave`; or `terms`, whose "
        "classes are the term lists that have a phrase in the text, each at 1."
    )
    classes: list[str] = Field(
        default_factory=list, description="Any of these classes, for a head with several classes."
    )
    at: Chance = Field(default=0.5, description="Lowest chance.")
