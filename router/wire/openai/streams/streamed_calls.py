"""Collects the calls of tools of one streamed choice, whichever way its server counts them."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from router.errors import UpstreamInvalid, UpstreamTooMuch
from router.types import Delta, ToolCall
from router.wire.growing_text import GrowingText
from router.wire.openai.answers import (
    MAX_TOOL_CALLS,
    arguments_text,
    free_call_id,
    written,
)
from router.wire.openai.thought_signatures import signature_alone


@dataclass(slots=True)
class _ToolCallSoFar:
    id: str
    name: str
    given: str  # the server's id
    arguments: GrowingText = field(default_factory=GrowingText)
    signed: object = None  # the part of a piece that carries its signature

    def ends_before(self, name: str, call_id: str, arguments: str, counted: bool) -> bool:
        """Returns True where a piece with this name, id and arguments begins another call.

        A server that repeats id and name in each piece goes on with the arguments. A whole call
        that comes twice, or grows, is no second one: nobody asked for its action twice. Where the
        server has `counted` the calls by an index, only another id tells that it counts wrongly.
        """
        if not name:
            return False
        if call_id and call_id != self.given:
            return True
        if counted:
            return False
        if name != self.name:
            return True
        if not arguments.lstrip().startswith("{"):
            return False
        so_far = self.arguments.whole
        return _is_json(so_far) and not _extends(arguments, so_far)


@dataclass(slots=True)
class StreamedCalls:
    """Keeps the calls in the order in which they begin."""

    begun: list[_ToolCallSoFar] = field(default_factory=list)
    unsaid: int = 0
    """Holds the bytes of signatures, which come with the whole answer."""
    _numbers: dict[int | str, int] = field(default_factory=dict)  # by the server's index

    def __bool__(self) -> bool:
        return bool(self.begun)

    def whole(self, *, cut: bool) -> tuple[ToolCall, ...]:
        """Returns the calls. One without arguments has an empty object, but where it was `cut`."""
        none = "" if cut else "{}"
        return tuple([ToolCall(c.id, c.name, c.arguments.whole or none) for c in self.begun])

    @property
    def signed(self) -> list[object]:
        """Returns the part of each call that carries its signature, None where none does."""
        return [call.signed for call in self.begun]

    def fold(self, index: int, value: object, position: int, upstream_id: str) -> Delta:
        """Returns one piece of a tool call: id and name once, arguments in pieces.

        Calls are numbered anew, from 0 in the order in which they begin: some servers write no
        index, -1, or 0 for each of several calls, and clients join the pieces by it. Some write no
        id, or one for all, and clients know results by it.
        """
        if type(value) is not dict:
            raise UpstreamInvalid("The upstream sent a tool call that is no object.")
        key = value.get("index")
        counted = key is not None
        if not counted:
            key = position
        elif type(key) is not int and type(key) is not str:
            raise UpstreamInvalid("The upstream sent a tool call without a usable index.")
        function = value.get("function")
        function = function if type(function) is dict else {}
        name, call_id = _text(function.get("name")), _text(value.get("id"))
        arguments = arguments_text(function.get("arguments"))
        number = self._numbers.get(key)
        first = number is None or self.begun[number].ends_before(name, call_id, arguments, counted)
        if number is None or first:
            number = self._numbers[key] = len(self.begun)
            self._begin(name, call_id, upstream_id, index)
        call = self.begun[number]
        call.arguments.add(arguments)
        if value.get("extra_content") is not None and (signed := signature_alone(value)):
            call.signed = signed
            self.unsaid += len(written(signed))
        # Only the first piece of a call has its id and name.
        piece = ToolCall(call.id, call.name, arguments) if first else ToolCall("", "", arguments)
        return Delta(tool_call_index=number, tool_call=piece, index=index)

    def _begin(self, name: str, call_id: str, upstream_id: str, index: int) -> None:
        if not name:
            raise UpstreamInvalid("The upstream began a tool call without a name.")
        number = len(self.begun)
        if number >= MAX_TOOL_CALLS:
            raise UpstreamTooMuch(f"The upstream sent more than {MAX_TOOL_CALLS} tool calls.")
        taken = {call.id for call in self.begun}
        own = free_call_id(upstream_id, index * MAX_TOOL_CALLS + number, taken)
        unique = call_id if call_id and call_id not in taken else own
        self.begun.append(_ToolCallSoFar(unique, name, call_id))


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _extends(arguments: str, whole: str) -> bool:
    """Returns True where arguments begin with all members of an object, its end aside.

    >>> _extends('{"a":1, "b":2}', '{"a":1}'), _extends('{"a":12}', '{"a":1}')
    (True, False)
    """
    members, arguments = whole.strip().removesuffix("}").rstrip(), arguments.lstrip()
    rest = arguments.removeprefix(members).lstrip()
    return arguments.startswith(members) and (members == "{" or rest[:1] in ("", ",", "}"))


def _text(value: object) -> str:
    return value if type(value) is str else ""
