"""Measures a value once: what several parts of a request's path ask is worked out at first use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar, overload

Owner = TypeVar("Owner")
Value = TypeVar("Value")


class measured_once(Generic[Owner, Value]):
    """Makes a property of a frozen value that is computed when it is first read, then kept.

    The owner is a `Struct` with `dict=True` whose fields never change. A changed copy starts
    without it. Unlike `functools.cached_property` it takes no lock: two threads may both compute
    the same value. Like every value in the instance's dictionary it is no part of equality.
    """

    def __init__(self, measure: Callable[[Owner], Value]) -> None:
        self.measure = measure
        self._name = measure.__name__
        self.__doc__ = measure.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> measured_once[Owner, Value]: ...
    @overload
    def __get__(self, owner: Owner, kind: type) -> Value: ...

    def __get__(self, owner: Owner | None, kind: type) -> measured_once[Owner, Value] | Value:
        if owner is None:
            return self
        # The dictionary is asked before this method the next time.
        value = owner.__dict__[self._name] = self.measure(owner)
        return value
