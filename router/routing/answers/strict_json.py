"""Reads what a model wrote as JSON, as RFC 8259 has it. Pure.

Python also takes NaN, Infinity and -Infinity, which no other language reads: an answer with one of
them would count as good, and fail at the client.
"""

from __future__ import annotations

import json


def strict_json(text: str) -> object:
    """Returns the value of a JSON text. Raises ValueError, and RecursionError for too many levels.

    >>> strict_json('{"a": 1}')
    {'a': 1}
    >>> strict_json('{"a": NaN}')
    Traceback (most recent call last):
    ...
    ValueError: NaN is no JSON
    """
    return _DECODER.decode(text)


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)
