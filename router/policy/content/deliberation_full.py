"""Describes the full profile of deliberation templates, for models that need no short forms.

A folder of templates has one frame, `full/frame.yaml`: the steps that all domains share. A template
adds what is its own: perspectives, a worksheet, and words for single steps. A folder without a
frame, and a template without `full`, get their own steps without caps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from pydantic import Field

from router.policy.schema import Name, Section
from router.types import JsonText


class StepId(StrEnum):
    """Names the steps of a deliberation, in their order."""

    DECOMPOSE = "decompose"
    WORKSHEET = "worksheet"
    PERSPECTIVES = "perspectives"
    EVIDENCE = "evidence"
    ALTERNATIVES = "alternatives"
    SCENARIOS = "scenarios"
    RISK_BENEFIT = "risk_benefit"
    SYNTHESIS = "synthesis"


class WorksheetId(StrEnum):
    """Names the worksheets, whose figures our code works out."""

    FINANCE = "finance"
    LEGAL = "legal"
    MEDICAL = "medical"
    ENGINEERING_SAFETY = "engineering_safety"
    ARCHITECTURE = "architecture"
    STRATEGY = "strategy"


class PerspectiveSection(Section):
    """Describes one who looks at the question, at the same time as the others."""

    name: Name
    view: str = Field(min_length=1, max_length=600)


class FullSection(Section):
    """Holds what a template adds to the frame of its folder."""

    worksheet: WorksheetId | None = None
    go_no_go: bool = True
    perspectives: list[PerspectiveSection] = Field(default_factory=list, max_length=6)
    focus: dict[StepId, str] = Field(default_factory=dict)


class TemplateStep(Struct, frozen=True):
    """Holds one step of a loaded template, with its schema as text."""

    id: StepId
    instruction: str
    max_output_tokens: int | None  # None: the model's own
    schema: JsonText


class Perspective(Struct, frozen=True):
    """Holds who looks at the question, and with what in mind."""

    name: str
    view: str


class FullTemplate(Struct, frozen=True):
    """Holds the full profile of a loaded template."""

    steps: tuple[TemplateStep, ...]
    worksheet: WorksheetId | None = None
    perspectives: tuple[Perspective, ...] = ()


def full_template(
    short: tuple[TemplateStep, ...],
    frame: tuple[TemplateStep, ...],
    section: FullSection | None,
    answer_schema: Mapping[str, object],
) -> FullTemplate:
    """Returns the full profile of a template whose short steps and answer are these."""
    if section is None or not frame:
        return FullTemplate(tuple(_lifted(step) for step in short))
    left_out = {StepId.WORKSHEET} if section.worksheet is None else set()
    if not section.perspectives:
        left_out.add(StepId.PERSPECTIVES)
    steps = []
    for step in frame:
        if step.id in left_out:
            continue
        schema = step.schema
        if step.id is StepId.SYNTHESIS:
            schema = _answer(json.loads(schema), answer_schema, section.go_no_go)
        words = step.instruction.replace("{focus}", section.focus.get(step.id, "").strip())
        steps.append(TemplateStep(step.id, words, None, schema))
    views = tuple(Perspective(one.name, one.view) for one in section.perspectives)
    return FullTemplate(tuple(steps), section.worksheet, views)


def _lifted(step: TemplateStep) -> TemplateStep:
    schema = JsonText(json.dumps(lifted(json.loads(step.schema))))
    return TemplateStep(step.id, step.instruction, None, schema)


def _answer(frame: Mapping[str, object], own: Mapping[str, object], go_no_go: bool) -> JsonText:
    """Returns the frame's answer with the fields of the template's own answer, without caps."""
    properties, required = _fields(frame)
    own_properties, own_required = _fields(lifted(own))
    both = {**own_properties, **properties}
    wanted = list(dict.fromkeys([*required, *own_required]))
    if not go_no_go:
        for name in ("go_no_go", "conditions"):
            both.pop(name, None)
        wanted = [name for name in wanted if name in both]
    merged = {**frame, "properties": both, "required": wanted}
    return JsonText(json.dumps(merged))


def _fields(schema: object) -> tuple[dict[str, object], list[str]]:
    """Returns the properties of a checked schema, and the required ones."""
    assert isinstance(schema, dict)
    return dict(schema["properties"]), list(schema["required"])


def lifted(schema: object) -> object:
    """Returns a schema without its caps on length and number.

    >>> lifted({"type": "array", "maxItems": 2, "items": {"type": "string", "maxLength": 80}})
    {'type': 'array', 'items': {'type': 'string'}}
    """
    if isinstance(schema, list):
        return [lifted(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: lifted(part) for key, part in schema.items()}
    if schema.get("type") == "string":
        kept.pop("maxLength", None)
    if schema.get("type") == "array":
        kept.pop("maxItems", None)
    return kept
