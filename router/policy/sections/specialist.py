"""Describes a specialist: the fields that it fills from heads, and the verdict.

This is only the schema. `router.specialists` applies it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from router.policy.sections.base import LABEL_NAME, Chance, Section
from router.policy.sections.rules.heads import HeadCondition, HeadName

TaskName = Annotated[str, Field(pattern=LABEL_NAME)]
Label = Annotated[str, Field(min_length=1, max_length=64)]


class FieldSection(Section):
    """Fills one field about a text: the likeliest class of a head, or that it is not sure."""

    head: HeadName = Field(description="One of `heads`, or a built-in one, as in conditions.")
    at: Chance = Field(default=0.5, description="Lowest chance for the class.")
    otherwise: Label = Field(
        default="unsure",
        description="Value below that chance. For a head of one chance, its opposite.",
    )


class VerdictRule(Section):
    """Gives the verdict when any of the conditions holds and no earlier rule did."""

    verdict: Label = Field(description="The verdict, such as block or review.")
    any: list[HeadCondition] = Field(min_length=1, description="One of these conditions is enough.")
    reason: str = Field(min_length=3, max_length=200, description="Reason, which the answer shows.")


class VerdictSection(Section):
    """Combines the heads to a verdict. The first rule that holds decides."""

    rules: list[VerdictRule] = Field(
        default_factory=list, description="Rules in order of precedence, the most serious first."
    )
    default: Label = Field(description="The verdict when no rule fits.")


class SpecialistSection(Section):
    """Turns texts into fields and a verdict, from heads only.

    `tiergate classify` and the endpoints `POST /api/v1/{domain}/{task}/analyze` and `/batch` use
    it.
    """

    domain: TaskName = Field(
        description="The {domain} of the endpoints. If several served policies share it and the "
        "task, the first one answers."
    )
    task: TaskName = Field(
        description="The {task} that gives all fields and the verdict. Each field is a task, too."
    )
    fields: dict[TaskName, FieldSection] = Field(
        min_length=1, description="Fields of a text, by name."
    )
    verdict: VerdictSection = Field(description="Verdict from the heads.")

    @model_validator(mode="after")
    def _task_is_no_field(self) -> SpecialistSection:
        if self.task in self.fields:
            raise ValueError(f"a task that is no field: {self.task!r} is one")
        return self
