"""Errors that let go of the frames that they were raised in."""

from __future__ import annotations

import gc
import weakref

import pytest

from router.errors import AnswererError, TiergateError


class Body:
    """Stands for the bytes that a frame holds."""


def failing(seen: list[weakref.ref[Body]]) -> None:
    body = Body()
    seen.append(weakref.ref(body))
    try:
        raise ValueError("no JSON")
    except ValueError as cause:
        raise AnswererError("The answer is none.") from cause


def kept(seen: list[weakref.ref[Body]], *, forgets: bool) -> None:
    """Keeps an error in a frame that the error has come through."""
    failure: TiergateError | None = None
    try:
        failing(seen)
    except TiergateError as error:
        failure = error
    assert failure is not None
    if forgets:
        failure.forget_frames()


@pytest.mark.parametrize("forgets", [False, True])
def test_what_a_failed_frame_held_goes_with_the_frames(forgets: bool) -> None:
    seen: list[weakref.ref[Body]] = []
    gc.disable()
    try:
        kept(seen, forgets=forgets)
        assert (seen[0]() is None) is forgets
    finally:
        gc.enable()


def test_causes_in_a_circle_are_left_after_one_round() -> None:
    first, second = AnswererError("first"), AnswererError("second")
    for error in (first, second):
        with pytest.raises(AnswererError):
            raise error
    first.__cause__, second.__cause__ = second, first
    first.forget_frames()
    assert first.__traceback__ is second.__traceback__ is None
