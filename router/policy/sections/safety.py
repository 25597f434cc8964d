"""Describes requests that a policy refuses: only the schema. `policy.refusal` tests it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from router.policy.sections.base import Chance, Section
from router.policy.sections.rules.heads import HeadCondition
from router.types import Domain

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


Check = Literal["diagnosis", "exploit", "secrets", "personal"]
Withheld = Annotated[str, Field(min_length=3, max_length=400)]
WITHHELD = "The rest of this answer is withheld by the policy of this service."
MARKED = "Please check this answer: the policy of this service has a doubt about a part of it."


class OutputCheck(Section):
    """Looks into an answer of a model before the client gets it."""

    check: Check = Field(
        description="What is looked for. diagnosis: a claim that the reader has an illness. "
        "exploit: code of an attack, but for keys with the scope `security`. secrets: keys and "
        "passwords of services. personal: e-mail addresses and card numbers. Of the last two only "
        "what the request, its tools and sources do not hold."
    )
    action: Literal["mark", "withhold", "climb"] = Field(
        default="withhold",
        description="mark adds `words` at the end. withhold sends `words` in place of the sentence "
        "and the rest. climb asks a higher rung, and withholds where there is none; streams are "
        "then held back whole.",
    )
    words: Withheld | None = Field(
        default=None, description="Words that are added, or sent instead. Default: general ones."
    )

    @property
    def shown_words(self) -> str:
        """Returns the words that are added, or sent instead."""
        return self.words or (MARKED if self.action == "mark" else WITHHELD)


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

    disclaimers: dict[Domain, Annotated[str, Field(min_length=3, max_length=400)]] = Field(
        default_factory=dict,
        description="By domain, a sentence that is added to the end of a model's answer, unless "
        "the answer has it. JSON and calls of tools get none.",
    )
    outputs: list[OutputCheck] = Field(
        default_factory=list,
        description="Checks of what models answer. Streams are held back by a sentence.",
    )

    @property
    def changes_answers(self) -> bool:
        """Returns True where an answer may go out in other words than the model's."""
        return bool(self.outputs or self.disclaimers)

    @property
    def holds_back(self) -> bool:
        """Returns True where a check of the whole answer may ask a higher rung."""
        return any([check.action == "climb" for check in self.outputs])

    @property
    def heads(self) -> frozenset[str]:
        """Returns the names of the heads that its conditions ask."""
        every = [*self.refuse, *self.self_harm, *self.security]
        return frozenset([condition.head for condition in every])
