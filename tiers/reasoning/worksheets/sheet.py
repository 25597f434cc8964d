"""Describes a worksheet: what a model extracts, and how code works the figures out from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from tiers.reasoning.sources import Evidence

Json = dict[str, object]
Inputs = Mapping[str, object]


class Material(Struct, frozen=True):
    """Holds what a worksheet may look up: the question, and passages of one's own documents."""

    question: str
    passages: tuple[Evidence, ...] = ()


class WorksheetFault(Exception):
    """Says what is wrong with the inputs, in a sentence that helps a model to correct them."""


Compute = Callable[[Inputs, Material], Json]


class Sheet(Struct, frozen=True):
    """Holds one worksheet. `compute` raises WorksheetFault for inputs that make no sense."""

    instruction: str
    properties: Json  # JSON Schema of the inputs
    required: tuple[str, ...]
    compute: Compute

    @property
    def schema(self) -> Json:
        """Returns the JSON Schema of the inputs."""
        return obj(self.properties, self.required)


def obj(properties: Json, required: Sequence[str] | None = None) -> Json:
    """Returns the schema of an object; all its properties are required by default."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties if required is None else required),
        "properties": properties,
    }


def rows(properties: Json, least: int = 0) -> Json:
    """Returns the schema of a list of objects."""
    listed: Json = {"type": "array", "items": obj(properties)}
    return {**listed, "minItems": least} if least else listed


TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "number"}
MAYBE: Json = {"type": ["number", "null"]}
TEXTS: Json = {"type": "array", "items": TEXT}


def one_of(*words: str) -> Json:
    """Returns the schema of one of these words."""
    return {"type": "string", "enum": list(words)}


def objects(inputs: Inputs, name: str) -> list[Mapping[str, object]]:
    """Returns a list of objects of the inputs; [] where there is none."""
    value = inputs.get(name)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def texts(inputs: Inputs, name: str) -> list[str]:
    """Returns a list of texts of the inputs."""
    value = inputs.get(name)
    return [str(one) for one in value] if isinstance(value, list) else []


def number(inputs: Inputs, name: str) -> float | None:
    """Returns a number of the inputs, None where it is not known."""
    value = inputs.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def needed(inputs: Inputs, name: str) -> float:
    """Returns a number that must be known. Raises WorksheetFault."""
    value = number(inputs, name)
    if value is None:
        raise WorksheetFault(f"{name} must be a number")
    return value
