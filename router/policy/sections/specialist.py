"""What a policy may say of a specialist: which fields it fills from heads, and what they add up to.

The schema alone; `specialist` applies it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from router.policy.sections.base import Chance, Section
from router.policy.sections.heads import HeadCondition, HeadName
from router.policy.sections.text_forms import LABEL_NAME

TaskName = Annotated[str, Field(pattern=LABEL_NAME)]
Label = Annotated[str, Field(min_length=1, max_length=64)]


class FieldSection(Section):
    """One thing that is said of a text: the likeliest class of a head, or that it is not sure."""

    head: HeadName = Field(description="One of `heads`, or a built-in one, as in conditions.")
    at: Chance = Field(default=0.5, description="The class is said from this chance on.")
    otherwise: Label = Field(
        default="unsure", description="Said below it; for a head of one chance, its opposite."
    )


class VerdictRule(Section):
    """The verdict when any of the conditions holds and no rule before it did."""

    verdict: Label = Field(description="What is said: block, review.")
    any: list[HeadCondition] = Field(min_length=1, description="One of these is enough.")
    reason: str = Field(min_length=3, max_length=200, description="Why; stands in the answer.")


class VerdictSection(Section):
    """What the heads add up to; the first rule that holds decides."""

    rules: list[VerdictRule] = Field(
        default_factory=list, description="In order of precedence: the gravest first."
    )
    default: Label = Field(description="The verdict when no rule holds.")


class SpecialistSection(Section):
    """Texts in, fields and a verdict out, from heads alone: `tiergate classify` and the endpoints
    `POST /api/v1/{domain}/{task}/analyze` and `/batch`."""

    domain: TaskName = Field(
        description="The {domain} of the endpoints; of several served policies that share it and "
        "the task, the first answers."
    )
    task: TaskName = Field(
        description="The {task} that gives all fields and the verdict; each field is one, too."
    )
    fields: dict[TaskName, FieldSection] = Field(
        min_length=1, description="What is said of a text, by name."
    )
    verdict: VerdictSection = Field(description="What the heads add up to.")

    @model_validator(mode="after")
    def _task_is_no_field(self) -> SpecialistSection:
        if self.task in self.fields:
            raise ValueError(f"a task that is no field: {self.task!r} is one")
        return self
