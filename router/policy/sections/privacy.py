"""Describes the section about stored prompts and answers.

It knows nothing about the stores that keep the texts.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationError

from router.policy.sections.base import Section


class PrivacySection(Section):
    """Sets which prompts and answers are stored, and for how long."""

    store: Literal["none", "redacted", "full"] = Field(
        default="none", description="none: only digests. redacted or full: text in a side table."
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Days after which stored text is deleted."
    )


def parse_privacy(section: object) -> PrivacySection:
    """Returns `privacy` of a policy read as plain YAML, or the default if it is unreadable."""
    try:
        return PrivacySection.model_validate({} if section is None else section)
    except ValidationError:
        # The default stores nothing, so an unreadable section stores nothing either.
        return PrivacySection()
