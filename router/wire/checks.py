"""Checks the types of JSON values, and returns each value with its type known.

Every reader takes the value and the `param` that names it (`messages[0].role`). It raises
RequestError with the value that it found and the expected one. This module knows nothing about any
endpoint.
"""

from __future__ import annotations

import math
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import orjson

from router.errors import Overloaded, RequestError
from router.types import JsonText

TYPE_WORDS = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}

NO_MEMORY = "Not enough memory"
"""Begins orjson's error where the body may be good JSON."""

Reader = Callable[[object, str], object]


def wrong_type(param: str, value: object, expected: str) -> RequestError:
    """Returns a RequestError `invalid_type` that shows the JSON type of the value."""
    kind = type(value)  # a backend in the same process may give values that no JSON has
    return RequestError(
        f"{param}: found {TYPE_WORDS.get(kind, f'a Python {kind.__name__}')}; expected {expected}.",
        param=param,
        code="invalid_type",
    )


def wrong_value(param: str, value: object, expected: str) -> RequestError:
    """Returns a RequestError `invalid_value` that shows the value, at most 80 ASCII characters."""
    return RequestError(
        f"{param}: found {shown(value)}; expected {expected}.", param=param, code="invalid_value"
    )


def missing(param: str, expected: str) -> RequestError:
    """Returns a RequestError `missing_required_parameter`."""
    return RequestError(
        f"{param} is missing; expected {expected}.",
        param=param,
        code="missing_required_parameter",
    )


def unsupported(param: str, advice: str, code: str = "unsupported_parameter") -> RequestError:
    """Returns a RequestError for a key that cannot be obeyed here."""
    return RequestError(f"{param} is not supported here; {advice}.", param=param, code=code)


def shown(value: object) -> str:
    """Returns a client's value for an error message: ASCII, at most 80 characters."""
    if isinstance(value, list | dict):
        return f"{TYPE_WORDS[type(value)]} of {len(value)}"
    # Only the shown part is escaped: a value may have megabytes.
    text = ascii(value[:81] if isinstance(value, str) else value)
    return text if len(text) <= 80 else text[:77] + "..."


def unread(value: Mapping[str, object], read: frozenset[str]) -> tuple[str, ...]:
    """Returns the names of keys that have a value and are not read, in the order of the body."""
    return tuple([key for key in value if key not in read and value[key] is not None])


def json_object(body: bytes) -> dict[str, object]:
    """Returns the body's JSON object. Bad JSON, bad UTF-8, NaN, 1e309, nesting over 1,024: 400.

    Raises Overloaded where there is no memory to read it.
    """
    try:
        value = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError) as error:
        if str(error).startswith(NO_MEMORY):
            raise Overloaded("There is no memory to read the body now. Try again later.") from error
        raise _no_json(_unlike_json(body) or f"not JSON: {error}") from error
    if type(value) is not dict:
        raise RequestError(
            f"The body is {TYPE_WORDS[type(value)]}; expected a JSON object.", code="invalid_type"
        )
    return value


def _unlike_json(body: bytes) -> str:
    """Says which byte of a body is no UTF-8, or that it begins with a mark; "" for other bodies."""
    # No mark is skipped: what reads bodies before this gateway may take such a one for no JSON,
    # and let it pass unread.
    if body.startswith(BOM_UTF8):
        return "not JSON: it begins with a byte order mark (EF BB BF); save it without one"
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {error.start} is 0x{body[error.start]:02x}"
    return ""


def require_json(value: object) -> bytes:
    """Returns the JSON of a value of a caller in the same process.

    Raises RequestError for what no client could send: a text that is not UTF-8, NaN, a set.
    """
    try:
        written = orjson.dumps(value)
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise _no_json(f"not JSON: {error}") from error
    # orjson writes NaN as null, and the key would count as not given.
    if b"null" in written and (where := _no_number(value, "")):
        raise _no_json(f"not JSON: {where} is no number of JSON")
    return written


def _no_json(found: str) -> RequestError:
    return RequestError(
        f"The body is {found}; expected a JSON object in UTF-8.", code="invalid_json"
    )


def _no_number(value: object, path: str) -> str:
    """Returns the place and the text of a number that JSON has not; "" without one."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{path} {value}".strip()
    inner: Iterable[tuple[str, object]] = ()
    if isinstance(value, dict):
        inner = ((f"{path}.{name}" if path else str(name), entry) for name, entry in value.items())
    elif isinstance(value, list | tuple):
        inner = ((f"{path}[{i}]", entry) for i, entry in enumerate(value))
    return next(filter(None, (_no_number(entry, place) for place, entry in inner)), "")


def json_text(value: object, param: str) -> JsonText:
    """Returns the value as JSON text, to be carried unchanged. Nesting over 250 levels: 400."""
    try:
        return JsonText(orjson.dumps(value).decode())
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise wrong_value(param, value, "at most 250 levels of nesting") from error


def text(value: object, param: str) -> str:
    """Returns the string. Raises RequestError for another type."""
    if type(value) is not str:
        raise wrong_type(param, value, "a string")
    return value


def required_text(given: Mapping[str, object], key: str, path: str) -> str:
    """Returns the string under a required key of an object at the path."""
    if given.get(key) is None:
        raise missing(f"{path}.{key}", "a string")
    return text(given[key], f"{path}.{key}")


def boolean(value: object, param: str) -> bool:
    """Returns True or False. Raises RequestError for another type, also for 0 and 1."""
    if type(value) is not bool:
        raise wrong_type(param, value, "a boolean")
    return value


def array(value: object, param: str) -> list[object]:
    """Returns the list. Raises RequestError for another type."""
    if type(value) is not list:
        raise wrong_type(param, value, "an array")
    return value


def mapping(value: object, param: str) -> dict[str, object]:
    """Returns the object. Raises RequestError for another type."""
    if type(value) is not dict:
        raise wrong_type(param, value, "an object")
    return value


def integer(value: object, param: str, low: int, high: int) -> int:
    """Returns a whole number from low to high. Raises RequestError, also for 1.0."""
    # `isinstance` would accept True, since bool is a subclass of int.
    if type(value) is not int:
        raise wrong_type(param, value, f"an integer from {low} to {high}")
    if not low <= value <= high:
        raise wrong_value(param, value, f"an integer from {low} to {high}")
    return value


def number(value: object, param: str, low: float, high: float) -> float:
    """Returns a number from low to high. Raises RequestError, also for NaN."""
    if type(value) is not float and type(value) is not int:
        raise wrong_type(param, value, f"a number from {low:.15g} to {high:.15g}")
    if not low <= value <= high:
        raise wrong_value(param, value, f"a number from {low:.15g} to {high:.15g}")
    return float(value)


def one_of(value: object, param: str, allowed: Iterable[str]) -> str:
    """Returns one of the allowed words. Raises RequestError that lists them."""
    if type(value) is not str:
        raise wrong_type(param, value, f"one of {', '.join(allowed)}")
    if value not in allowed:
        raise wrong_value(param, value, f"one of {', '.join(allowed)}")
    return value


def bounded_text(value: object, param: str, low: int, high: int) -> str:
    """Returns a string of low to high characters."""
    words = text(value, param)
    if not low <= len(words) <= high:
        expected = f"{low} to {high} characters"
        raise wrong_value(param, words, f"{expected} (it has {len(words)})")
    return words


def integers(low: int, high: int) -> Reader:
    """Returns a reader of whole numbers from low to high."""
    return lambda value, param: integer(value, param, low, high)


def numbers(low: float, high: float) -> Reader:
    """Returns a reader of numbers from low to high."""
    return lambda value, param: number(value, param, low, high)


def texts(low: int, high: int) -> Reader:
    """Returns a reader of strings of low to high characters."""
    return lambda value, param: bounded_text(value, param, low, high)


def words(*allowed: str) -> Reader:
    """Returns a reader of one of these words."""
    return lambda value, param: one_of(value, param, allowed)


MOST_DIGITS = 40
"""Bounds the digits of a number: no amount has so many, and Python refuses to read thousands."""


def plain_decimal(text: str) -> Decimal | None:
    """Returns a number that is written with digits and at most one point; None for another text.

    Python reads more: "1_000", "1e3", " 7 " and digits of other scripts. Whoever sends those to
    bound costs may mean another number than the one that would count.

    >>> plain_decimal("0.25"), plain_decimal("-3"), plain_decimal(".5")
    (Decimal('0.25'), Decimal('-3'), Decimal('0.5'))
    >>> plain_decimal("1_000"), plain_decimal("1e3"), plain_decimal("1,000"), plain_decimal("nan")
    (None, None, None, None)
    """
    whole, _, rest = text.removeprefix("-").partition(".")
    digits = whole + rest
    plain = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
    return Decimal(text) if plain else None
