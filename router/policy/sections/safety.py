"""Describes requests that a policy refuses: only the schema. `policy.refusal` tests it."""

from __future__ import annotations

from pydantic import Field

from router.policy.sections.base import Chance, Section
from router.policy.sections.heads import HeadCondition

REFUSAL = (
    "I am sorry, I cannot help with that. If somebody may be in danger, please call your local "
    "emergency number. If I have misunderstood, please say in other words what you need."
)
"""Holds the text sent for policies without `safety.words`."""


class RefusalCondition(HeadCondition):
    """Holds when a head gives any of these classes at least this chance, by language."""

    at_other_languages: Chance | None = Field(
        default=None,
        description="Lowest chance in other languages than English, which the encoder does not "
        "read. Without it `at` holds for all.",
    )


class SafetySection(Section):
    """Refuses harmful requests before any tier is asked.

    A request is refused where any condition holds, unless an emergency or a rule for medical
    matters calls for a safe answer: that goes out instead, with its review. A head that is named
    here and in no hard rule counts for the last turn alone, and for what continues it.
    """

    refuse: list[RefusalCondition] = Field(
        default_factory=list,
        description="Conditions on heads. Empty: nothing is refused.",
    )
    words: str = Field(
        default=REFUSAL,
        min_length=1,
        max_length=2000,
        description="Approved words of the refusal.",
    )
    self_harm: list[HeadCondition] = Field(
        default_factory=list,
        description="Conditions under which a refused request is about methods of self-harm. It "
        "then gets the words of `safe_answers` about self-harm, which say whom to call, in its "
        "language, and a review.",
    )
    security: list[HeadCondition] = Field(
        default_factory=list,
        description="Conditions under which a request is about the security of computers. It is "
        "not refused for a key with the scope `security`, whose owner defends them.",
    )

    @property
    def heads(self) -> frozenset[str]:
        """Returns the names of the heads that its conditions ask."""
        every = [*self.refuse, *self.self_harm, *self.security]
        return frozenset([condition.head for condition in every])
