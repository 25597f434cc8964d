"""Describes the section about stored prompts and answers.

It knows nothing about the stores that keep the texts.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationError

from router.policy.sections.base import Name, Section
from router.privacy.entities.kinds import EntityKind


class PseudonymsSection(Section):
    """Sets which personal details no provider sees, and for whom."""

    kinds: list[EntityKind] = Field(
        default_factory=lambda: list(EntityKind),
        min_length=1,
        description="Kinds of personal details that are replaced before a call, by default all.",
    )
    trusted: list[Name] = Field(
        default_factory=list,
        description="Answerers that see the details; those on this machine always do.",
    )
    tenants: list[str] = Field(
        default_factory=list, description="Only these tenants' requests; by default all."
    )
    most_characters: int = Field(
        default=2_000_000,
        ge=1_000,
        description="Characters of a request that are read; a longer one is refused.",
    )


class ResidencyRule(Section):
    """Says which answerers may get requests with some kinds of personal details."""

    kinds: list[EntityKind] = Field(
        default_factory=lambda: list(EntityKind),
        description="Kinds of personal details that the rule is about, by default all.",
    )
    only: list[Name] = Field(
        default_factory=list,
        description="Remote answerers that may get them; those on this machine always may.",
    )
    unread: bool = Field(
        default=False,
        description="Is also about images, sound and files, which nobody reads here.",
    )


class PrivacySection(Section):
    """Sets which prompts and answers are stored, for how long, and what providers may see."""

    store: Literal["none", "redacted", "full"] = Field(
        default="none", description="none: only digests. redacted or full: text in a side table."
    )
    waiting: Literal["none", "redacted", "full"] = Field(
        default="redacted",
        description="With `store: none`, the text of a matter that waits for a person: question, "
        "facts and draft. It is deleted as soon as the matter is decided; the person's answer "
        "stays for whoever asked. none: the person sees no text, and no answer is kept.",
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Days after which stored text is deleted."
    )
    residency: list[ResidencyRule] = Field(
        default_factory=list,
        description="Keeps requests with some personal details from answerers, in any case.",
    )
    inner_addresses: Literal["refuse", "allow"] = Field(
        default="refuse",
        description="Images and files at addresses of a private network, of this machine, or by a "
        "name without a dot. A self-hosted upstream may fetch what the client may not. refuse: "
        "400. allow: they go on as they are.",
    )
    pseudonyms: PseudonymsSection | None = Field(
        default=None,
        description="Replaces personal details by tags before they leave, and puts them back.",
    )

    @property
    def for_reviewers(self) -> Literal["none", "redacted", "full"]:
        """Returns what is kept of a matter while it waits for a person."""
        return self.waiting if self.store == "none" else self.store


def parse_privacy(section: object) -> PrivacySection:
    """Returns `privacy` of a policy read as plain YAML, or the default if it is unreadable."""
    try:
        return PrivacySection.model_validate({} if section is None else section)
    except ValidationError:
        # The default stores nothing, so an unreadable section stores nothing either.
        return PrivacySection()
