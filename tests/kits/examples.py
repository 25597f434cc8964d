"""The number of examples that hypothesis tries of each property: a test's own, or one for all.

`make test EXAMPLES=500` sets the number for all.
"""

from __future__ import annotations

import os

from hypothesis import settings

VARIABLE = "HYPOTHESIS_EXAMPLES"
"""Read once, here: whoever writes a property passes its usual number to `examples`."""


def asked() -> int | None:
    """Returns the number of examples for every property, None where each has its own.

    Raises: ValueError for what is no number above 0.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{VARIABLE} is {text!r}; expected a whole number above 0, such as 500")
    return int(text)


def number(usual: int) -> int:
    """Returns the number of examples to try where `usual` is a property's own."""
    return asked() or usual


def examples(usual: int) -> settings:
    """Returns a decorator that tries so many examples, unless a number for all is set."""
    return settings(max_examples=number(usual))
