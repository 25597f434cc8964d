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
        listed = [bound for each in stated for bound in getattr(each, "metadata", None) or (each,)]
        return {**limits_of(inner), **_from(listed)}
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return limits_of(members[0]) if len(members) == 1 else {}
    return {}


def _from(stated: Iterable[object]) -> dict[str, float]:
    return {
        name: value
        for bound in stated
        for name in _NAMES
        if isinstance(value := getattr(bound, name, None), int | float)
    }


def number_word(annotation: object) -> str:
    """Returns "a whole number" or "a number", as what an annotation takes.

    >>> number_word(int | None), number_word(float)
    ('a whole number', 'a number')
    """
    if get_origin(annotation) is Annotated:
        return number_word(get_args(annotation)[0])
    members = get_args(annotation) or (annotation,)
    whole = all(member in (int, type(None)) for member in members)
    return "a whole number" if whole else "a number"


def with_range(words: str, limits: Limits) -> str:
    """Returns the words for a number with its bounds behind them.

    >>> with_range("a whole number", {"ge": 1, "le": 9}), with_range("a number", {"gt": 0.0})
    ('a whole number from 1 to 9', 'a number above 0')
    """
    if limits.keys() >= {"ge", "le"}:
        return f"{words} from {_shown(limits['ge'])} to {_shown(limits['le'])}"
    bounds = " and ".join(_bound_in_words(name, limits[name]) for name in _NAMES if name in limits)
    if not bounds:
        return words
    return f"{words} {bounds}" if bounds.startswith(("above", "below")) else f"{words} of {bounds}"


def _bound_in_words(name: str, bound: float) -> str:
    return _WORDS[name].format(_shown(bound))


def _shown(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"
