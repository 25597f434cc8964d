"""Changes a value in a test, whichever of our two kinds of value it is."""

from __future__ import annotations

import dataclasses
from typing import TypeVar, cast

import msgspec

_T = TypeVar("_T")


def replace(value: _T, **changes: object) -> _T:
    """Returns a copy of a struct or a dataclass with some fields changed."""
    if isinstance(value, msgspec.Struct):
        return cast(_T, msgspec.structs.replace(value, **changes))
    return dataclasses.replace(value, **changes)  # type: ignore[type-var]
