"""Describes a worksheet: what a model extracts, and how code works the figures out from it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from tiers.reasoning.fields import Fields, number
from tiers.reasoning.sources import Evidence

Json = dict[str, object]


class Material(Struct, frozen=True):
    """Holds what a worksheet may look up: the question, and passages of one's own documents."""

    question: str
    passages: tuple[Evidence, ...] = ()


class WorksheetFault(Exception):
    """Says what is wrong with the inputs, in a sentence that helps a model to correct them."""


Compute = Callable[[Fields, Material], Json]


class Sheet(Struct, frozen=True):
    """Holds one worksheet. `compute` raises WorksheetFault for inputs that make no sense."""

    instruction: str
    schema: Json  # JSON Schema of the inputs
    compute: Compute


def needed(fields: Fields, name: str) -> float:
    """Returns a number that must be known. Raises WorksheetFault."""
    value = number(fields, name)
    if value is None:
        raise WorksheetFault(f"{name} must be a number")
    return value
