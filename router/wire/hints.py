"""Reads the client's hints from the body's `routing` object and from headers.

If body and header differ, the stricter value applies. Key and policy decide elsewhere if a hint may
lower anything. This module only reads the hints. Dollars become nano-dollars.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from router.errors import RequestError
from router.types import NANO_PER_USD, Hints, usd_to_nano
from router.wire.checks import (
    TYPE_WORDS,
    Reader,
    array,
    boolean,
    bounded_text,
    integer,
    integers,
    mapping,
    number,
    numbers,
    plain_decimal,
    require_json,
    shown,
    texts,
    unsupported,
    wrong_type,
    wrong_value,
)

MAX_USD = 1e9  # the same bound as in the policy schema
MAX_TAGS = 16
MAX_SESSION = 256  # characters
MAX_CONTEXT = 64
MAX_DEADLINE_MS = 3_600_000
NO_HINTS = Hints()

PREFIX = "x-tiergate-"
SESSION_HEADERS = ("x-session-id", "thread-id", "x-claude-code-session-id")
"""Lists headers in which clients of other servers name a conversation: opencode, then Codex, then
Claude Code."""
_AGENT_HEADER = "x-claude-code-agent-id"
"""Is the header in which each agent that Claude Code starts within a session names itself."""
_SESSION_NAMES = frozenset(SESSION_HEADERS)
HINT_HEADERS = (PREFIX, *SESSION_HEADERS, _AGENT_HEADER)
"""Lists how headers begin that change what a request means: another value is another request."""

RETRY_COUNT = "x-stainless-retry-count"
"""Is the header in which OpenAI's and Anthropic's SDKs say how often they sent a request before."""


def is_repeated(headers: Mapping[str, str]) -> bool:
    """Returns True where the client says that it sends the request again.

    >>> is_repeated({RETRY_COUNT: "1"}), is_repeated({RETRY_COUNT: "0"}), is_repeated({})
    (True, False, False)
    """
    return headers.get(RETRY_COUNT, "0").strip() not in ("", "0")


def _context(value: object, param: str) -> dict[str, str]:
    """Returns slots by name. A number becomes its text, so an order number may be one."""
    given = mapping(value, param)
    if len(given) > MAX_CONTEXT:
        raise wrong_value(param, given, f"at most {MAX_CONTEXT} entries")
    context: dict[str, str] = {}
    for name, slot in given.items():
        path = f"{param}.{name[:64]}"
        if type(slot) is int or type(slot) is float:
            slot = str(slot)
        if type(slot) is not str:
            raise wrong_type(path, slot, "a string or a number")
        context[bounded_text(name, path, 1, 64)] = bounded_text(slot, path, 0, 4_000)
    return context


def _tags(value: object, param: str) -> tuple[str, ...]:
    given = array(value, param)
    if len(given) > MAX_TAGS:
        raise wrong_value(param, given, f"at most {MAX_TAGS} tags")
    return tuple([bounded_text(tag, f"{param}[{i}]", 1, 64) for i, tag in enumerate(given)])


def _usd(value: object, param: str) -> int:
    return usd_to_nano(number(value, param, 0.0, MAX_USD))


def _flag(value: str) -> object:
    # Any other text goes on unchanged, and the reader names it in its error.
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(
        value.lower(), value
    )


def _integer(value: str) -> object:
    # Very long numbers stay text, which the reader refuses.
    digits = value.removeprefix("-")
    return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 19 else value


def _number(value: str) -> object:
    written = plain_decimal(value)
    return value if written is None else float(written)


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


# Each hint has a reader of its JSON, a reader of a header's text, and a function that returns the
# stricter of two values. Two ceilings apply together, so the lower one counts. Two policies cannot
# apply together.
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
MISPLACED = frozenset(_HINTS) - {"policy", "session", "context", "tags", "debug"}
"""Lists the hints whose names no other server gives a meaning. At the top level of a body they are
mistakes: a ceiling of money that is left out there would be spent."""

# Slots are an object, which no header can hold.
_BY_HEADER = {PREFIX + name.replace("_", "-"): name for name in _HINTS if name != "context"}
# Clients write dollars; the fields of `Hints` are in nano-dollars.
_FIELD = {"stakes_usd": "stakes_nano_usd", "max_cost_usd": "max_cost_nano_usd"}


def read_hints(routing: object, headers: Mapping[str, str]) -> Hints:
    """Returns the client's hints: body and headers together, the stricter of both.

    The session comes from the body, otherwise from `x-tiergate-session` or one of
    SESSION_HEADERS. `prompt_cache_key` names none: applications send one key for all their users,
    whose conversations would share what each of them has shown. Raises RequestError for an unknown
    key, a wrong value, or two different policies.
    """
    hints = {} if routing is None else _from_body(mapping(routing, "routing"))
    for header, value in headers.items():
        if header.startswith(PREFIX):
            name = _BY_HEADER.get(header)
            if name is None:
                raise _unknown_header(header)
            _add_header(hints, header, name, value.strip())
    if "session" not in hints and not _SESSION_NAMES.isdisjoint(headers):
        session = _session(headers)
        if session:
            hints["session"] = short_session(session)
    if not hints:
        return NO_HINTS
    return Hints(**{_FIELD.get(name, name): value for name, value in hints.items()})  # type: ignore[arg-type]


def _session(headers: Mapping[str, str]) -> str | None:
    """Returns the conversation that a client names.

    >>> _session({"x-claude-code-session-id": "s", "x-claude-code-agent-id": "a"})
    's/a'
    """
    *others, of_claude_code = SESSION_HEADERS
    named = next(filter(None, map(headers.get, others)), None)
    session, agent = headers.get(of_claude_code), headers.get(_AGENT_HEADER)
    return named or (f"{session}/{agent}" if session and agent else session)


def checked_hints(hints: object) -> Hints:
    """Returns hints of a caller in the same process, which no header changes.

    Raises RequestError for what no client could send, such as a level above 9.
    """
    if not isinstance(hints, Hints):
        raise wrong_type("hints", hints, "a `Hints` of router.types")
    body: dict[str, object] = {}
    for name in _HINTS:
        field = _FIELD.get(name, name)
        value = getattr(hints, field)
        if field != name and value is not None:
            value = integer(value, f"routing.{field}", 0, usd_to_nano(MAX_USD)) / NANO_PER_USD
        body[name] = list(value) if type(value) is tuple else value
    read = _from_body(body)
    require_json(read)
    return replace(hints, context=read["context"], tags=read["tags"])


def joined_hints(body: Hints, beside: Hints) -> Hints:
    """Returns what two sets of hints ask together: of two values the stricter one.

    Raises RequestError where both name another policy, session or slot.

    >>> both = joined_hints(Hints(min_tier=3, tags=("a",)), Hints(min_tier=2, tags=("b",)))
    >>> both.min_tier, both.tags
    (3, ('a', 'b'))
    """
    joined: dict[str, object] = {}
    for name, (_, _, stricter) in _HINTS.items():
        field = _FIELD.get(name, name)
        first, second = getattr(body, field), getattr(beside, field)
        if name == "context":
            for slot in first.keys() & second.keys():
                _require_same(f"context.{slot}", first[slot], second[slot])
            joined[field] = {**first, **second}
        elif first is None or second is None:
            joined[field] = second if first is None else first
        elif name == "tags":  # one too many is refused, as in a body
            joined[field] = tuple(dict.fromkeys((*first, *second)))
        elif stricter in (None, _first):
            joined[field] = _require_same(name, first, second)
        else:
            joined[field] = stricter(first, second)
    return Hints(**joined)  # type: ignore[arg-type]


def _require_same(name: str, first: object, second: object) -> object:
    if first != second:
        raise RequestError(
            f"routing.{name} is {shown(first)} in the request but {shown(second)} in the hints "
            "beside it; give one of them.",
            param=f"routing.{name}",
            code="invalid_value",
        )
    return first


def short_session(session: str) -> str:
    """Returns the session's name, or its digest when it is too long.

    Clients choose these names for other systems, so they may be longer than our limit.
    """
    if len(session) <= MAX_SESSION:
        return session
    return hashlib.sha256(session.encode("utf-8", "surrogatepass")).hexdigest()


def _from_body(routing: dict[str, object]) -> dict[str, object]:
    hints: dict[str, object] = {}
    for name, value in routing.items():
        known = _HINTS.get(name)
        if known is None:
            raise unsupported(f"routing.{shown(name)[1:-1]}", _known(name, _HINTS))
        if value is not None:
            hints[name] = known[0](value, f"routing.{name}")
    return hints


def _unknown_header(header: str) -> RequestError:
    """Returns the error for an unknown header.

    Without it a mistyped hint would have no effect, and the request could reach a forbidden tier.
    """
    if header == PREFIX + "context":
        return unsupported(header, "slots go in the body, as routing.context")
    return unsupported(shown(header)[1:-1], _known(header, _BY_HEADER, PREFIX))


def _known(name: str, names: Iterable[str], prefix: str = "") -> str:
    """Returns what is known in place of a name: the nearest one first, where one is near.

    The prefix that all of them have makes no two of them alike.
    """
    ends = [known.removeprefix(prefix) for known in names]
    near = difflib.get_close_matches(name.removeprefix(prefix)[:64], ends, n=1)
    listed = ", ".join(prefix + end for end in ends)
    return f"did you mean {prefix}{near[0]}? Known are {listed}" if near else f"known are {listed}"


def _add_header(hints: dict[str, object], header: str, name: str, value: str) -> None:
    read, to_json, stricter = _HINTS[name]
    try:
        given = read(to_json(value), header)
    except RequestError as error:
        # A header is always a string, so that it helps nobody to hear that it is one.
        told = error.message.replace(f"found {TYPE_WORDS[str]};", f"found {shown(value)};", 1)
        raise RequestError(told, param=error.param, code=error.code) from error
    if name not in hints or hints[name] == given:
        hints[name] = given
    elif stricter is None:
        raise RequestError(
            f"routing.{name} is {shown(hints[name])} but the header {header} says {shown(given)}; "
            "send one of them.",
            param=f"routing.{name}",
            code="invalid_value",
        )
    else:
        hints[name] = stricter(hints[name], given)
