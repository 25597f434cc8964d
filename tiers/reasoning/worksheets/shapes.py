"""Makes the JSON Schemas of a worksheet's inputs. Pure."""

from __future__ import annotations

from tiers.reasoning.worksheets.sheet import Json

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "number"}
WHOLE: Json = {"type": "integer"}
MAYBE: Json = {"type": ["number", "null"]}
TEXTS: Json = {"type": "array", "items": TEXT}


def obj(properties: Json) -> Json:
    """Returns the schema of an object; all its properties are required."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def rows(properties: Json, least: int = 0) -> Json:
    """Returns the schema of a list of objects."""
    listed: Json = {"type": "array", "items": obj(properties)}
    return {**listed, "minItems": least} if least else listed


def one_of(*words: str) -> Json:
    """Returns the schema of one of these words."""
    return {"type": "string", "enum": list(words)}
