"""Builds a specialist's result for one text: fields and a verdict, from the readings of heads.

Pure.

`tiergate classify` and the endpoints both ask here, so that they cannot differ. It knows nothing
about texts, models or HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from router.policy.head_conditions import Chances, reached
from router.policy.sections.rules.heads import BUILT_IN
from router.policy.sections.specialist import FieldSection, SpecialistSection

NO_RULE = "no rule fits"


class Field(Struct, frozen=True):
    """Holds one field: its value, the chance that it is right, and the likeliest classes."""

    label: str
    confidence: float
    chances: tuple[tuple[str, float], ...]


class Said(Struct, frozen=True):
    """Holds everything about a text. `verdict` is "" where single fields were asked for."""

    fields: Mapping[str, Field]
    verdict: str = ""
    reason: str = ""

    @property
    def confidence(self) -> float:
        """Returns the least chance of the fields.

        All of them are right with at most this chance.
        """
        return min(field.confidence for field in self.fields.values())


def heads_of(section: SpecialistSection, task: str | None = None) -> frozenset[str]:
    """Returns the names of the heads that `said_of` needs for a task, built-in ones included."""
    if task is not None and task != section.task:
        return frozenset({section.fields[task].head})
    asked = {field.head for field in section.fields.values()}
    rules = section.verdict.rules
    return frozenset(asked | {condition.head for rule in rules for condition in rule.any})


def said_of(
    section: SpecialistSection, readings: Mapping[str, Chances], task: str | None = None
) -> Said:
    """Returns the fields and the verdict for one text.

    A `task` that is a field gives only that field.

    `readings` holds what every head of `heads_of` said.
    """
    if task is not None and task != section.task:
        return Said({task: field_of(section.fields[task], readings)})
    fields = {name: field_of(field, readings) for name, field in section.fields.items()}
    for rule in section.verdict.rules:
        if any(reached(each, readings.get(each.head, ())) for each in rule.any):
            return Said(fields, rule.verdict, rule.reason)
    return Said(fields, section.verdict.default, NO_RULE)


def field_of(section: FieldSection, readings: Mapping[str, Chances]) -> Field:
    """Returns the likeliest class where it is likely enough.

    A head of one chance that stays below `at` says the opposite, which is as likely as the class is
    not; a head of several classes says that it is unsure, with the chance of its likeliest class.
    """
    chances: Sequence[tuple[str, float]] = readings[section.head]
    label, p = chances[0]
    if p >= section.at:
        return Field(label, p, tuple(chances))
    one_chance = len(chances) == 1 and section.head not in _CLASSES
    return Field(section.otherwise, 1.0 - p if one_chance else p, tuple(chances))


_CLASSES = BUILT_IN[:2]  # request_type and domain: signals carry their likeliest class alone


def document(result: Said) -> dict[str, object]:
    """Returns the result as JSON types; chances are rounded to four digits."""
    fields = {
        name: {
            "label": field.label,
            "confidence": round(field.confidence, 4),
            "chances": {label: round(p, 4) for label, p in field.chances},
        }
        for name, field in result.fields.items()
    }
    if not result.verdict:
        return {"fields": fields}
    return {"verdict": result.verdict, "reason": result.reason, "fields": fields}
