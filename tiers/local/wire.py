"""Translates a ChatRequest to the runtime's JSON and the answer back. Pure functions.

Forced tools are built on a JSON schema, since the model's chat template ignores `tools`: the
grammar then allows exactly one of the tools' calls, {"name": ..., "arguments": {...}}. It knows
nothing about processes, sockets or time.
"""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import Struct

from router.errors import CannotAnswer, UpstreamInvalid
from router.policy.parsing.plain_schemas import exact_object
from router.types import ChatRequest, JsonText, Message, Reason, TokenLogprob, ToolCall, Usage
from tiers.local.endings import fitting_tokens

# What the model's authors recommend for the instruct version; used where the client says nothing.
DEFAULT_TEMPERATURE = 0.2
DEFAULT_TOP_P = 0.9


class ToolPlan(Struct, frozen=True):
    """Describes how the tools of a request are asked for."""

    schema: dict[str, Any]
    instruction: str


def plan_tools(request: ChatRequest) -> ToolPlan | None:
    """Returns the schema that admits one call of an allowed tool; None when no tool may be called.

    >>> plan_tools(ChatRequest(messages=(), requested_model="auto")) is None
    True
    """
    choice = json.loads(request.tool_choice) if request.tool_choice else "auto"
    tools = request.functions
    if not tools or choice == "none":
        return None
    if isinstance(choice, dict):
        wanted = choice.get("function", {}).get("name")
        tools = tuple(tool for tool in tools if tool.name == wanted)
        if not tools:
            raise CannotAnswer(
                f"tool_choice names {wanted!r}, which is not in tools", reason=Reason.NOT_CAPABLE
            )
    may_reply = choice == "auto"
    calls: list[dict[str, Any]] = [
        exact_object(
            {"name": {"const": tool.name}, "arguments": json.loads(tool.parameters or "{}")}
        )
        for tool in tools
    ]
    if may_reply:
        calls.append(exact_object({"reply": {"type": "string"}}))
    lines = [f"- {tool.name}: {tool.description} Parameters: {tool.parameters}" for tool in tools]
    end = ' If none of them helps, answer with {"reply": "..."}.' if may_reply else ""
    instruction = (
        "You can call these functions:\n" + "\n".join(lines) + "\n"
        'Answer with one call as JSON: {"name": "...", "arguments": {...}}.' + end
    )
    schema = calls[0] if len(calls) == 1 else {"anyOf": calls}
    return ToolPlan(schema, instruction)


def read_tool_answer(text: str, call_id: str) -> tuple[str, ToolCall | None]:
    """Reads a planned answer: (reply, None) or ("", call). Raises UpstreamInvalid.

    >>> read_tool_answer('{"name": "f", "arguments": {"x": 1}}', "call_1")
    ('', ToolCall(id='call_1', name='f', arguments='{"x":1}'))
    """
    try:
        answer = json.loads(text)
        if "reply" in answer:
            return str(answer["reply"]), None
        arguments = json.dumps(answer["arguments"], separators=(",", ":"), ensure_ascii=False)
        return "", ToolCall(call_id, answer["name"], arguments)
    except (ValueError, KeyError, TypeError, RecursionError) as error:  # brackets without end
        raise UpstreamInvalid(
            f"the local model's tool call is not complete JSON ({error})"
        ) from error


_REPLY = re.compile(r'\s*\{\s*"reply"\s*:\s*"((?:[^"\\]|\\(?:[^u]|u[0-9A-Fa-f]{4}))*)')


def begun_reply(text: str) -> str:
    """Returns the beginning of a reply in a planned answer that was cut; "" for half of a call.

    >>> begun_reply('{"reply": "It rai')
    'It rai'
    """
    begun = _REPLY.match(text)
    return "" if begun is None else str(json.loads(f'"{begun[1]}"', strict=False))


def chat_body(
    request: ChatRequest,
    *,
    system_prompt: str | None,
    max_output_tokens: int,
    tool_plan: ToolPlan | None,
    prefer_schema: JsonText | None,
    scales: tuple[float, ...],
    choice: int,
    usual_output_tokens: int | None = None,
    prompt_cache: bool = False,
) -> dict[str, Any]:
    """Returns the runtime's request for one choice. `scales` has one entry per loaded adapter.

    `usual_output_tokens` caps plain answers to ordinary questions where the client states no cap.
    """
    sampling = request.sampling
    schema = _schema(request, tool_plan, prefer_schema)
    # Half of a JSON value is worth nothing, so only plain text has a cap of its own.
    plain = schema is None and request.response_format.kind == "text"
    asked = sampling.max_output_tokens or max_output_tokens
    if plain and usual_output_tokens and sampling.max_output_tokens is None:
        asked = fitting_tokens(request.last_user_text, usual_output_tokens, max_output_tokens)
    body: dict[str, Any] = {
        "messages": _messages(request, system_prompt, tool_plan),
        "stream": True,  # always: closing the connection then stops the decoding at once
        "stream_options": {"include_usage": True},
        "max_tokens": min(asked, max_output_tokens),
        "temperature": DEFAULT_TEMPERATURE
        if sampling.temperature is None
        else sampling.temperature,
        "top_p": DEFAULT_TOP_P if sampling.top_p is None else sampling.top_p,
        "logprobs": True,  # verification reads them whether or not the client asked
        "top_logprobs": max(1, sampling.top_logprobs or 0),  # with 0 the runtime sends none
        # A cached prefix makes the same seed round differently, and its time and token count would
        # tell one tenant what another one asked: off unless the policy says otherwise.
        "cache_prompt": prompt_cache and sampling.seed is None,
        "lora": [{"id": index, "scale": scale} for index, scale in enumerate(scales)],
    }
    if sampling.seed is not None:
        body["seed"] = (sampling.seed + choice) % 2**32
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.frequency_penalty is not None:
        body["frequency_penalty"] = sampling.frequency_penalty
    if sampling.presence_penalty is not None:
        body["presence_penalty"] = sampling.presence_penalty
    if schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        }
    elif request.response_format.kind == "json_object":
        body["grammar"] = json_object_grammar(body["max_tokens"])
    return body


TOKENS_A_PAIR = 40
"""What a pair of a JSON object needs at least to say something: a key, a value of some words."""

MOST_PAIRS = 12
CHARACTERS_A_TOKEN = 2  # English has four; digits one, and other scripts less
LEAF_TOKENS = 8  # of a value within an inner object; a figure of four digits with two more
KEY_TOKENS = 12  # of a key of 24 characters with what stands around it

# An open grammar lets a small model nest and repeat until it is cut, and what is cut is no JSON.
_OBJECT = r"""root ::= "{" ws pair ("," ws pair){0,FURTHER} ws "}"
pair ::= key ":" " "? (value | listNESTED)
inner ::= "{" leaf ("," " "? leaf){0,2} "}"
leaf ::= key ":" " "? (short | figure | "true" | "false" | "null")
short ::= "\"" char{0,SHORT} "\""
list ::= "[" (item ("," " "? item){0,4})? "]"
item ::= "\"" char{0,ITEM} "\"" | figure
value ::= "\"" char{0,LONGEST} "\"" | number | "true" | "false" | "null"
key ::= "\"" char{1,24} "\""
number ::= "-"? ("0" | [1-9] [0-9]{0,11}) ("." [0-9]{1,6})?
figure ::= "-"? ("0" | [1-9] [0-9]{0,3}) ("." [0-9]{1,2})?
char ::= [^"\\\x7F\x00-\x1F] | "\\" ["\\/bfnrt]
ws ::= " "? | "\n" " "{0,4}
"""


def json_object_grammar(max_tokens: int) -> str:
    """Returns a grammar (GBNF) of JSON objects that usually end within `max_tokens`.

    As many pairs as fit, at least one, and one level of nesting where a pair has room for three
    more keys. A list's items and an inner object's values share what their pair has. Odd text
    (scripts with several tokens a character) can still be cut.
    """
    pairs = min(MOST_PAIRS, max(1, max_tokens // TOKENS_A_PAIR))
    room = max(4, max_tokens // pairs - KEY_TOKENS - 2)  # tokens of a pair's value
    # A lone pair leaves no room for error, and a hot model writes what has a token a character.
    characters = CHARACTERS_A_TOKEN if pairs > 1 else 1
    inner = room // 3 - KEY_TOKENS - 1  # of an inner value
    limits = {
        "NESTED": " | inner" if inner >= LEAF_TOKENS else "",
        "FURTHER": pairs - 1,
        "LONGEST": characters * room,
        "SHORT": characters * max(1, inner),
        "ITEM": characters * max(1, room // 5 - 3),
    }
    grammar = _OBJECT
    for name, limit in limits.items():
        grammar = grammar.replace(name, str(limit))
    return grammar


def read_logprobs(choice: dict[str, Any], top: int) -> tuple[TokenLogprob, ...]:
    """Returns the chunk's tokens with their log-probabilities and the `top` best alternatives."""
    return tuple(
        TokenLogprob(
            token["token"],
            token["logprob"],
            tuple(
                TokenLogprob(t["token"], t["logprob"]) for t in token.get("top_logprobs", ())[:top]
            ),
        )
        for token in (choice.get("logprobs") or {}).get("content") or ()
    )


def read_usage(chunk: dict[str, Any]) -> Usage:
    """Returns the token counts of a stream's last chunk."""
    usage = chunk["usage"]
    return Usage(
        input_tokens=usage["prompt_tokens"],
        cached_input_tokens=usage.get("prompt_tokens_details", {}).get("cached_tokens", 0),
        output_tokens=usage["completion_tokens"],
        reported=True,
    )


def _schema(
    request: ChatRequest, tool_plan: ToolPlan | None, prefer_schema: JsonText | None
) -> dict[str, Any] | None:
    if tool_plan is not None:
        return tool_plan.schema
    text = request.response_format.schema
    if text is None and request.response_format.kind == "text":
        text = prefer_schema
    return None if text is None else json.loads(text)


def _messages(
    request: ChatRequest, system_prompt: str | None, tool_plan: ToolPlan | None
) -> list[dict[str, str]]:
    """Returns a system message, then turns of user and assistant: all that the template knows."""
    given = [m for m in request.messages if m.role in ("system", "developer")]
    system = [m.text for m in given]
    if system_prompt and all(m.name == "context" for m in given):  # the client gave none
        system.insert(0, system_prompt)
    if tool_plan is not None:
        system.append(tool_plan.instruction)
    messages = [{"role": "system", "content": "\n\n".join(system)}] if system else []
    turns = [m for m in request.messages if m.role not in ("system", "developer")]
    return messages + [_turn(message) for message in turns]


def _turn(message: Message) -> dict[str, str]:
    if any(part.kind != "text" for part in message.parts):
        kinds = ", ".join(sorted({p.kind for p in message.parts} - {"text"}))
        raise CannotAnswer(
            f"the local model reads text only, found {kinds}", reason=Reason.NOT_CAPABLE
        )
    if message.role in ("tool", "function"):
        return {"role": "user", "content": f"Result of the function call: {message.text}"}
    calls = [f'{{"name": "{c.name}", "arguments": {c.arguments}}}' for c in message.tool_calls]
    return {"role": message.role, "content": "\n".join([message.text, *calls]).strip("\n")}
