"""The client's hints: the body's `routing` object and its twins among the headers, to `Hints`.

Where both say something, the stricter holds. Whether a hint may lower anything is decided
elsewhere, by key and policy: this file only says what was asked. Dollars become nano-dollars.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Mapping

from router.errors import RequestError
from router.types import Hints, usd_to_nano
from router.wire.checks import (
    Reader,
    array,
    boolean,
    bounded_text,
    integers,
    mapping,
    number,
    numbers,
    shown,
    texts,
    unsupported,
    wrong_type,
    wrong_value,
)

MAX_USD = 1e9  # as in the policy schema
MAX_TAGS = 16
MAX_SESSION = 256  # characters
MAX_CONTEXT = 64
MAX_DEADLINE_MS = 3_600_000
NO_HINTS = Hints()

PREFIX = "x-tiergate-"


def _context(value: object, param: str) -> dict[str, str]:
    """Slots by name; numbers are taken as their text, so that an order number may be one."""
    given = mapping(value, param)
    if len(given) > MAX_CONTEXT:
        raise wrong_value(param, given, f"at most {MAX_CONTEXT} entries")
    context: dict[str, str] = {}
    for name, found in given.items():
        at = f"{param}.{name[:64]}"
        if type(found) is int or type(found) is float:
            found = str(found)
        if type(found) is not str:
            raise wrong_type(at, found, "a string or a number")
        context[bounded_text(name, at, 1, 64)] = bounded_text(found, at, 0, 4_000)
    return context


def _tags(value: object, param: str) -> tuple[str, ...]:
    given = array(value, param)
    if len(given) > MAX_TAGS:
        raise wrong_value(param, given, f"at most {MAX_TAGS} tags")
    return tuple([bounded_text(tag, f"{param}[{i}]", 1, 64) for i, tag in enumerate(given)])


def _usd(value: object, param: str) -> int:
    return usd_to_nano(number(value, param, 0.0, MAX_USD))


def _flag(value: str) -> object:
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(
        value.lower(), value
    )


def _integer(value: str) -> object:
    digits = value.removeprefix("-")
    return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 19 else value


def _number(value: str) -> object:
    try:
        return float(value)
    except ValueError:
        return value


def _listed(value: str) -> object:
    return [tag for tag in (piece.strip() for piece in value.split(",")) if tag]


def _same(value: str) -> object:
    return value


def _both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))[:MAX_TAGS]


def _either(first: bool, second: bool) -> bool:
    return first or second


def _first(first: str, second: str) -> str:
    return first


# Hint: how its JSON is read, how a header's text becomes JSON, which of two is the stricter.
# Two ceilings hold both, so the lower one counts; two policies cannot both hold.
_HINTS: dict[str, tuple[Reader, Callable[[str], object], Callable[..., object] | None]] = {
    "policy": (texts(1, 64), _same, None),
    "min_tier": (integers(1, 9), _integer, max),
    "max_tier": (integers(1, 9), _integer, min),
    "stakes_usd": (_usd, _number, max),
    "confidence_floor": (numbers(0.0, 1.0), _number, max),
    "max_cost_usd": (_usd, _number, min),
    "deadline_ms": (integers(1, MAX_DEADLINE_MS), _integer, min),
    "session": (texts(1, MAX_SESSION), _same, _first),
    "context": (_context, _same, None),
    "tags": (_tags, _listed, _both),
    "dry_run": (boolean, _flag, _either),
    "debug": (boolean, _flag, _either),
}
_BY_HEADER = {PREFIX + name.replace("_", "-"): name for name in _HINTS if name != "context"}
_FIELD = {"stakes_usd": "stakes_nano_usd", "max_cost_usd": "max_cost_nano_usd"}


def read_hints(routing: object, headers: Mapping[str, str], prompt_cache_key: str | None) -> Hints:
    """What the client asks of routing: body and headers together, the stricter of both.

    The session is the body's, else `x-tiergate-session`, `x-session-id`, `prompt_cache_key`.
    Raises RequestError for an unknown key, a wrong value, or two policies that disagree.
    """
    found = {} if routing is None else _from_body(mapping(routing, "routing"))
    for header, value in headers.items():
        if header.startswith(PREFIX):
            name = _BY_HEADER.get(header)
            if name is None:
                raise _unknown_header(header)
            _add_header(found, header, name, value.strip())
    if "session" not in found:
        session = headers.get("x-session-id") or prompt_cache_key
        if session:
            found["session"] = _short(session)
    if not found:
        return NO_HINTS
    return Hints(**{_FIELD.get(name, name): value for name, value in found.items()})  # type: ignore[arg-type]


def _short(session: str) -> str:
    """A name that clients have for other ends may be longer: its digest names the session then."""
    if len(session) <= MAX_SESSION:
        return session
    return hashlib.sha256(session.encode("utf-8", "surrogatepass")).hexdigest()


def _from_body(routing: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in routing.items():
        known = _HINTS.get(name)
        if known is None:
            raise unsupported(f"routing.{shown(name)[1:-1]}", f"known are {', '.join(_HINTS)}")
        if value is not None:
            found[name] = known[0](value, f"routing.{name}")
    return found


def _unknown_header(header: str) -> RequestError:
    """A mistyped hint would be passed over in silence, and the request go where it must not."""
    if header == PREFIX + "context":
        return unsupported(header, "slots go in the body, as routing.context")
    (near,) = difflib.get_close_matches(header, _BY_HEADER, n=1) or [""]
    hint = f"; did you mean {near}?" if near else ""
    return unsupported(shown(header)[1:-1], f"known are {', '.join(_BY_HEADER)}{hint}")


def _add_header(found: dict[str, object], header: str, name: str, value: str) -> None:
    read, to_json, stricter = _HINTS[name]
    given = read(to_json(value), header)
    if name not in found or found[name] == given:
        found[name] = given
    elif stricter is None:
        raise RequestError(
            f"routing.{name} is {shown(found[name])} but the header {header} says {shown(given)}; "
            "send one of them.",
            param=f"routing.{name}",
            code="invalid_value",
        )
    else:
        found[name] = stricter(found[name], given)
