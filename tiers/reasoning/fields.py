"""Reads the fields of a JSON object that a model wrote, whatever their types are. Pure."""

from __future__ import annotations

from collections.abc import Mapping

Fields = Mapping[str, object]


def objects(fields: Fields, name: str) -> list[Fields]:
    """Returns a list of objects; [] where there is none."""
    value = fields.get(name)
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, Mapping)]


def texts(fields: Fields, name: str) -> list[str]:
    """Returns a list of texts; [] where there is none."""
    value = fields.get(name)
    return [str(item) for item in value] if isinstance(value, list) else []


def number(fields: Fields, name: str) -> float | None:
    """Returns a number, None where it is not known."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
