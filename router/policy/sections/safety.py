"""Describes requests that a policy refuses: only the schema. `decision` tests the conditions."""

from __future__ import annotations

from pydantic import Field

from router.policy.sections.base import Section
from router.policy.sections.heads import HeadCondition

REFUSAL = (
    "I am sorry, I cannot help with that. If somebody may be in danger, please call your local "
    "emergency number. If I have misunderstood, please say in other words what you need."
)
"""Holds the text sent for policies without `safety.words`."""


class SafetySection(Section):
    """Refuses harmful requests before any tier is asked.

    A request is refused where any condition holds, unless an emergency or a rule for medical
    matters calls for a safe answer: that goes out instead, with its review. A head that is named
    here and in no hard rule counts for the last turn alone, and for what continues it.
    """

    refuse: list[HeadCondition] = Field(
        default_factory=list,
        description="Conditions on heads. Empty: nothing is refused.",
    )
    words: str = Field(
        default=REFUSAL,
        min_length=1,
        max_length=2000,
        description="Approved words of the refusal.",
    )

    @property
    def heads(self) -> frozenset[str]:
        """Returns the heads that its conditions name."""
        return frozenset(condition.head for condition in self.refuse)
