"""Keeps the digits of integers over 64 bits, which orjson reads as floats.

Ids of tools are such integers: 2**64 + 1 would come back as 18446744073709551616. Reading them
exactly takes three times as long, so it is done only where a value shows that digits were lost.
"""

from __future__ import annotations

import json

import orjson

_LEAST, _MOST = -(2**63), 2**64 - 1
_MAX_CHARACTERS = 20  # of an integer within these limits, with its sign


def lost_digits(value: object) -> bool:
    """Returns True when an object or array from orjson has a float that may have been an integer.

    >>> lost_digits({"id": [18446744073709551617.0]}), lost_digits({"id": 1e300, "x": 1.5})
    (True, True)
    >>> lost_digits({"id": 18446744073709551615, "x": [1.5, "1e300"]})
    False
    """
    kind = type(value)
    if kind is dict:
        value = value.values()  # type: ignore[attr-defined]
    elif kind is not list:
        return False
    for inner in value:  # type: ignore[attr-defined]
        kind = type(inner)
        if kind is float:
            if not _LEAST < inner < _MOST:
                return True
        elif (kind is dict or kind is list) and lost_digits(inner):
            return True
    return False


def loads_exactly(body: bytes | str, *, decimals: bool = False) -> object:
    """Returns the value of JSON. orjson writes each larger integer in it with the same digits.

    Such an integer is an `orjson.Fragment`, since orjson writes none over 64 bits; with `decimals`
    so is each number with a point or an exponent. Raises what `orjson.loads` raises. JSON that is
    nested too deep for this is returned as orjson reads it.

    >>> orjson.dumps(loads_exactly('{"id": 123456789012345678901234567890}'))
    b'{"id":123456789012345678901234567890}'
    >>> orjson.dumps(loads_exactly('{"x": 0.10}', decimals=True))
    b'{"x":0.10}'
    """
    value = orjson.loads(body)
    try:
        parse_float = orjson.Fragment if decimals else float
        return json.loads(body, parse_int=_integer, parse_float=parse_float)
    except RecursionError:
        return value


def _integer(digits: str) -> int | orjson.Fragment:
    value = int(digits) if len(digits) <= _MAX_CHARACTERS else None
    if value is None or not _LEAST <= value <= _MOST:
        return orjson.Fragment(digits)
    return value
