"""Counts the calls of a deliberation before it begins, with the tokens that they take.

The gateway prices a rung with it. Steps that are repaired are not counted. Pure: it asks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from router.policy.content.deliberation import Template
from router.policy.content.deliberation_full import StepId, TemplateStep
from router.types import AnswerCalls
from tiers.reasoning.asking import GUARD
from tiers.reasoning.run import Plan, handed_on_characters
from tiers.reasoning.worksheets.all_sheets import SHEETS

CHARACTERS_OF_A_TOKEN = 4
"""English text has about four characters in a token."""


class CountedStep(Struct, frozen=True):
    """Holds how often one step asks, what each call reads beside the question, and its cap."""

    calls: int
    own_tokens: int  # instruction and schema
    most_output_tokens: int | None  # None: the model's own cap


def counted_steps(template: Template, plan: Plan) -> Sequence[CountedStep]:
    """Returns the steps of a plan; perspectives ask once each."""
    shared = len(template.system) + len(GUARD)
    return [_counted(step, plan, shared) for step in plan.steps]


def _counted(step: TemplateStep, plan: Plan, shared: int) -> CountedStep:
    characters = shared + len(step.instruction)
    if step.id is StepId.WORKSHEET and plan.worksheet is not None:
        sheet = SHEETS[plan.worksheet]
        characters += len(sheet.instruction) + len(str(sheet.schema))
    else:
        characters += len(step.schema)
    calls = len(plan.perspectives) if step.id is StepId.PERSPECTIVES else 1
    return CountedStep(calls, characters // CHARACTERS_OF_A_TOKEN, step.max_output_tokens)


def calls_of(
    steps: Sequence[CountedStep], plan: Plan, context_tokens: int, each: int
) -> AnswerCalls:
    """Returns the calls of these steps where the model writes `each` tokens in a call.

    A step reads what the steps before it wrote, as far as `context_tokens` lets it.
    """
    most = handed_on_characters(plan.profile, context_tokens) // CHARACTERS_OF_A_TOKEN
    calls = read = written = 0
    for step in steps:
        output = each if step.most_output_tokens is None else min(each, step.most_output_tokens)
        calls += step.calls
        read += step.calls * (step.own_tokens + min(written, most))
        written += step.calls * output
    return AnswerCalls(calls, read, written)
