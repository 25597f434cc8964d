"""Says in words which numbers a field of a schema takes: "a whole number from 1 to 9".

It knows pydantic's annotations and nothing about the meaning of the fields.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Union, get_args, get_origin

from pydantic.fields import FieldInfo

Limits = Mapping[str, float]
"""Holds the bounds of a number by pydantic's names: ge, gt, le, lt."""

_NAMES = ("ge", "gt", "le", "lt")
_OTHER_SIDE = {"ge": ("le", "lt"), "gt": ("le", "lt"), "le": ("ge", "gt"), "lt": ("ge", "gt")}
_WORDS = {"ge": "at least {}", "gt": "above {}", "le": "at most {}", "lt": "below {}"}


def limits_of_field(field: FieldInfo) -> Limits:
    """Returns the bounds of a section's field, of its own and of its annotation."""
    return {**limits_of(field.annotation), **_from(field.metadata)}


def limits_of(annotation: object) -> Limits:
    """Returns the bounds that an annotation states, also beside None; {} for none.

    >>> from pydantic import Field
    >>> limits_of(Annotated[int, Field(ge=1, le=9)] | None)
    {'ge': 1, 'le': 9}
    """
    if get_origin(annotation) is Annotated:
        inner, *stated = get_args(annotation)
        listed = [one for each in stated for one in getattr(each, "metadata", None) or (each,)]
        return {**limits_of(inner), **_from(listed)}
    if get_origin(annotation) in (Union, types.UnionType):
        members = [one for one in get_args(annotation) if one is not type(None)]
        return limits_of(members[0]) if len(members) == 1 else {}
    return {}


def _from(stated: Iterable[object]) -> dict[str, float]:
    return {
        name: value
        for one in stated
        for name in _NAMES
        if isinstance(value := getattr(one, name, None), int | float)
    }


def with_range(words: str, limits: Limits) -> str:
    """Returns the words for a number with its bounds behind them.

    >>> with_range("a whole number", {"ge": 1, "le": 9}), with_range("a number", {"gt": 0.0})
    ('a whole number from 1 to 9', 'a number above 0')
    """
    if limits.keys() >= {"ge", "le"}:
        return f"{words} from {_shown(limits['ge'])} to {_shown(limits['le'])}"
    said = " and ".join(_said(name, limits[name]) for name in _NAMES if name in limits)
    if not said:
        return words
    return f"{words} {said}" if said.startswith(("above", "below")) else f"{words} of {said}"


def other_side(broken: str, limits: Limits) -> str:
    """Returns the bound on the other side of the one that a number breaks, "" for none.

    >>> other_side("le", {"ge": 1, "le": 9})
    ', and at least 1'
    """
    others = [name for name in _OTHER_SIDE.get(broken, ()) if name in limits]
    return f", and {_said(others[0], limits[others[0]])}" if others else ""


def _said(name: str, bound: float) -> str:
    return _WORDS[name].format(_shown(bound))


def _shown(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"
