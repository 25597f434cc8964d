"""Says what is wrong with an answer that breaks its promised structure: the tool, the argument, the
place in the schema. Pure.

`verification` decides that it does; this module only finds words for it.
"""

from __future__ import annotations

import json

from msgspec import Struct

from router.policy.parsing.json_schema import first_fault
from router.policy.parsing.plain_schemas import SchemaFault
from router.routing.answers.strict_json import strict_json
from router.types import Answer, ChatRequest, Choice, JsonText, ToolCall

MOST_SHOWN = 80
"""Characters of a name or a path that are shown; a model can invent longer ones."""


class Fault(Struct, frozen=True):
    """Holds one fault. `words` may quote the answer, for who asked; `place` quotes nothing."""

    words: str
    place: str
    # Nothing is wrong but the arguments of offered tools, for which nobody promised strict shapes.
    misfit: bool = False


NOTHING_SAID = Fault("it said nothing", "no words")


def fault_of(answer: Answer, request: ChatRequest) -> Fault:
    """Returns the first fault of an invalid answer."""
    faults = [fault for choice in answer.choices for fault in _faults(choice, request)]
    if not faults:
        return NOTHING_SAID
    first = faults[0]
    return Fault(first.words, first.place, all(fault.misfit for fault in faults))


def _faults(choice: Choice, request: ChatRequest) -> list[Fault]:
    if not choice.text.strip() and not choice.tool_calls:
        return [NOTHING_SAID]
    chosen = _not_chosen(choice, request)
    if chosen is not None:
        return [chosen]
    if choice.tool_calls:
        faults = [_of_call(call, request) for call in choice.tool_calls]
    else:
        faults = [_of_text(choice.text, request)]
    return [fault for fault in faults if fault is not None]


def _not_chosen(choice: Choice, request: ChatRequest) -> Fault | None:
    """Returns the fault of calls that are not those of `tool_choice`."""
    if request.tool_choice is None:
        return None
    wanted, called = json.loads(request.tool_choice), [call.name for call in choice.tool_calls]
    if wanted == "auto":
        return None
    if wanted == "none":
        forbidden = Fault("it called a tool, though `tool_choice` is none", "tool_choice")
        return forbidden if called else None
    demanded = _shown(str(wanted["function"]["name"])) if isinstance(wanted, dict) else ""
    if called and (not demanded or set(called) == {wanted["function"]["name"]}):
        return None
    tool = f"the tool {demanded}" if demanded else "a tool"
    did = f"called {_shown(called[0])}" if called else "called none"
    return Fault(f"it should have called {tool} (`tool_choice`) and {did}", "tool_choice")


def _of_call(call: ToolCall, request: ChatRequest) -> Fault | None:
    tool = next((t for t in request.tools if t.name == call.name), None)
    name = _shown(call.name)
    if tool is None:
        return Fault(f"it called {name}, which is not offered", f"tool {name}")
    if tool.custom is not None:
        return None if call.arguments else Fault(f"it gave {name} no input", f"tool {name}")
    misfit = not tool.strict and not request.forces_tools
    try:
        arguments = strict_json(call.arguments or "{}")
    except (ValueError, RecursionError):
        words = f"the arguments of its call of {name} are no JSON"
        return Fault(words, f"tool {name}: no JSON", misfit)
    if not isinstance(arguments, dict):
        words = f"the arguments of its call of {name} are no JSON object"
        return Fault(words, f"tool {name}: no object", misfit)
    breach = first_fault(arguments, JsonText(tool.parameters or "{}"))
    if breach is None:
        return None
    words = f"its call of {name} does not fit: {_told(breach, 'the arguments')}"
    return Fault(words, f"tool {name}: schema {_shown(breach.rule)}", misfit)


def _of_text(text: str, request: ChatRequest) -> Fault | None:
    wanted = request.response_format
    if wanted.kind == "text":
        return None
    try:
        value = strict_json(text)
    except (ValueError, RecursionError):
        return Fault("its text is no JSON", "response_format: no JSON")
    if wanted.kind == "json_object":
        no_object = Fault("its JSON is no object", "response_format: no object")
        return None if isinstance(value, dict) else no_object
    breach = first_fault(value, JsonText(wanted.schema or "{}"))
    if breach is None:
        return None
    words = f"its JSON does not fit the schema: {_told(breach, 'the value')}"
    return Fault(words, f"response_format: schema {_shown(breach.rule)}")


def _told(breach: SchemaFault, whole: str) -> str:
    place = f"`{_shown(breach.place)}`" if breach.place else whole
    return f"{place}: {breach.message} (at {_shown(breach.rule)} of its schema)"


def _shown(name: str) -> str:
    """Returns a name of the client or of a model, bounded and in one line."""
    line = "".join([c if c.isprintable() else "?" for c in name])
    return line if len(line) <= MOST_SHOWN else f"{line[:MOST_SHOWN]}…"
