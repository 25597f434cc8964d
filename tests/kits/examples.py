"""Sets the number of examples that hypothesis tries of each property.

Each property has its own number. `make test` tries a few of them at most, `make test-all` all of
them, and `make test-all EXAMPLES=500` so many of every property.
"""

from __future__ import annotations

import os

from hypothesis import settings

EVERY = "HYPOTHESIS_EXAMPLES"
MOST = "HYPOTHESIS_MOST_EXAMPLES"
"""Only this module reads them; a property passes its usual number to `examples`."""


def setting(variable: str) -> int | None:
    """Returns the number in a variable of the environment, None where it is empty or not set.

    Raises: ValueError for what is no number above 0.
    """
    text = os.environ.get(variable, "")
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{variable} is {text!r}; expected a whole number above 0, such as 500")
    return int(text)


def number(usual: int) -> int:
    """Returns the number of examples to try where `usual` is a property's own."""
    return setting(EVERY) or min(usual, setting(MOST) or usual)


def examples(usual: int) -> settings:
    """Returns a decorator that tries so many examples, unless a number for all is set."""
    return settings(max_examples=number(usual))
