"""Reads Anthropic's messages, system prompt and tools as ours.

It follows the Messages API (anthropic-version 2023-06-01, as of November 2026). A user turn may
hold tool results together with text; in chat completions these are separate messages. Of the
assistant's earlier thoughts, those sealed by an issuer are kept for that issuer. A tool's name may
have 128 characters here and 64 in OpenAI's formats, so longer ones are shortened. This module knows
nothing about the rest of the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from router.privacy.provider_seals import read_back
from router.types import JsonText, Message, Sealed, ToolCall, ToolSpec
from router.wire.anthropic.changes import CHANGES, change_of
from router.wire.anthropic.parts import IMAGES
from router.wire.call_ids import MAX_CALL_ID
from router.wire.checks import (
    array,
    boolean,
    bounded_text,
    json_text,
    mapping,
    missing,
    one_of,
    required_text,
    text,
    unsupported,
    wrong_type,
    wrong_value,
)
from router.wire.fields import EFFORTS
from router.wire.message_builder import Content, add_tool_call
from router.wire.messages import (
    ATTACHED,
    MAX_MESSAGES,
    MAX_PARTS,
    check_image_url,
    read_name,
    short_name,
)

THOUGHTS = ("thinking", "redacted_thinking")
_HOSTED = (
    "server_tool_use",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "tool_search_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "mcp_tool_use",
    "mcp_tool_result",
    "mcp_tool_listing",
    "advisor_tool_result",
    "fallback",
)
"""Lists calls that a provider made itself, in a history from elsewhere. No tier can read them. A
400 would return with every later turn, so they are left out, as the tools themselves are."""
_BLOCKS = {
    "user": ("text", "image", "document", "search_result", "tool_result"),
    "assistant": ("text", "tool_use", *THOUGHTS, *_HOSTED),
    "system": ("text",),
    "turn of the system": ("text", *CHANGES),
    "tool": ("text", "image", "document", "search_result", "tool_reference"),
}
FAILED = "The tool failed:\n"
"""Precedes the text of a result with `is_error`, which chat completions have no field for."""

MAX_TOOLS = 1_000
"""Limits the tools, to more than OpenAI accepts: agents load most of theirs later."""

ATTRIBUTION = "x-anthropic-billing-header:"
"""Begins a block that Claude Code puts before its system prompt, for Anthropic's billing. It
changes with each request. If it were read as text, no prompt cache would hit and no conversation
would be recognised."""


def read_system(value: object, param: str) -> Message | None:
    """Returns the system prompt, or None for an empty one. Attribution is not part of it."""
    if value == []:
        return None
    pieces = (value,) if type(value) is str else _content(value, "system", param).words
    words = "\n".join([piece for piece in map(_unattributed, pieces) if piece])
    return Message("system", words) if words else None


def _unattributed(words: str) -> str:
    """Returns the text without a first line of attribution."""
    return words.partition("\n")[2] if words.startswith(ATTRIBUTION) else words


def read_turns(value: object, param: str) -> tuple[Message, ...]:
    """Returns the conversation, which ends with the user."""
    items = array(value, param)
    if not 0 < len(items) <= MAX_MESSAGES:
        raise wrong_value(param, items, f"1 to {MAX_MESSAGES} messages")
    messages: list[Message] = []
    for i, item in enumerate(items):
        _add_turn(messages, mapping(item, f"{param}[{i}]"), f"{param}[{i}]")
    if not messages:
        raise missing(param, "a message with words")
    if messages[-1].role == "assistant":
        # Clients would read a new answer as the rest of the begun one.
        raise unsupported(
            f"{param}[{len(items) - 1}]",
            "a begun answer is not continued here, whichever model answers",
        )
    return tuple(messages)


def inputs_of(value: object) -> Iterator[object]:
    """Yields the inputs of all calls in a conversation that `read_turns` has accepted."""
    for turn in value if type(value) is list else ():
        content = turn.get("content")
        for block in content if type(content) is list else ():
            if block.get("type") == "tool_use":
                yield block["input"]


def _check_effort(value: object, path: str) -> None:
    """Checks the effort of a turn. Another key would go unread, into a provider's refusal too."""
    config = mapping(value, path)
    if set(config) - {"effort"}:
        raise wrong_value(path, config, "an object with only `effort`")
    if config.get("effort") is not None:
        one_of(config["effort"], f"{path}.effort", EFFORTS)


def _add_turn(messages: list[Message], item: dict[str, object], path: str) -> None:
    if item.get("role") is None:
        raise missing(f"{path}.role", "user or assistant")
    role = one_of(item["role"], f"{path}.role", ("user", "assistant", "system"))
    content = item.get("content")
    if role == "system" and item.get("output_config") is not None:
        _check_effort(item["output_config"], f"{path}.output_config")
        if not content:
            return  # it only says how much the model is to think
    if content is None:
        raise missing(f"{path}.content", "a string or an array of blocks")
    if role == "assistant" and content == []:
        content = ""  # Anthropic's own answers may have no block, and clients send them back
    if type(content) is str:
        messages.append(Message(role, content))
        return
    blocks = _blocks(content, f"{path}.content")
    if role == "system":
        said = _content(content, "turn of the system", f"{path}.content").message(role)
        messages += [said] if said.text else []  # the tools are read apart
        return
    results = [(i, block) for i, block in enumerate(blocks) if block.get("type") == "tool_result"]
    if role == "user":
        given = [_tool_result(block, f"{path}.content[{i}]") for i, block in results]
        # Chat completions require the results directly after the calls, before other text.
        messages += [message for message, _ in given]
        messages += [attached.message("user") for _, attached in given if attached]
        # A turn of results has no text of its own.
        if len(results) == len(blocks):
            return
    messages.append(_content(content, role, f"{path}.content").message(role))
    for i, block in enumerate(blocks):
        if block.get("type") == "tool_use":
            add_tool_call(
                messages, _tool_use(block, f"{path}.content[{i}]"), f"{path}.content[{i}]"
            )
    if role == "assistant" and (sealed := _sealed(blocks)):
        messages[-1] = replace(messages[-1], sealed=sealed)
    if role == "assistant" and (thoughts := _open_thoughts(blocks)):
        messages[-1] = replace(messages[-1], reasoning=thoughts)


def _sealed(blocks: list[dict[str, object]]) -> tuple[Sealed, ...]:
    """Returns thoughts with our stamp. Thoughts without a seal are not read again."""
    thoughts: list[Sealed] = []
    words = calls = 0
    for block in blocks:
        kind = block.get("type")
        if kind in THOUGHTS:
            thought = read_back(str(kind), block, words + calls)
            thoughts += [] if thought is None else [thought]
        words = words or int(kind == "text" and bool(block.get("text")))
        calls += kind == "tool_use"
    return tuple(thoughts)


def _open_thoughts(blocks: list[dict[str, object]]) -> str:
    """Returns the thoughts without a signature: those of other providers, as we show them."""
    unsigned = [b for b in blocks if b.get("type") == "thinking" and not b.get("signature")]
    words = [block.get("thinking") for block in unsigned]
    return "\n\n".join([word for word in words if type(word) is str and word])


def _blocks(value: object, path: str) -> list[dict[str, object]]:
    if type(value) is not list:
        raise wrong_type(path, value, "a string or an array of blocks")
    if not 0 < len(value) <= MAX_PARTS:
        raise wrong_value(path, value, f"1 to {MAX_PARTS} blocks")
    return [mapping(block, f"{path}[{i}]") for i, block in enumerate(value)]


def _content(value: object, role: str, path: str) -> Content:
    """Returns the blocks of text and attachments. The turn itself reads calls and results."""
    content = Content()
    for i, block in enumerate(_blocks(value, path)):
        _add_block(content, block, role, f"{path}[{i}]")
    return content


def _add_block(content: Content, block: dict[str, object], role: str, path: str) -> None:
    if block.get("type") is None:
        raise missing(f"{path}.type", f"one of {', '.join(_BLOCKS[role])}")
    kind = one_of(block["type"], f"{path}.type", _BLOCKS[role])
    if kind == "text":
        content.add_text(required_text(block, "text", path))
    elif kind == "image":
        _add_image(content, _source(block, path), f"{path}.source")
    elif kind == "document":
        _add_document(content, block, path)
    elif kind == "tool_reference":
        name = short_name(required_text(block, "tool_name", path))
        content.add_text(f"{name} can be called from now on.")
    elif kind == "search_result":
        lines = [required_text(block, key, path) for key in ("title", "source")]
        inner = _content(block.get("content"), "system", f"{path}.content").text
        content.add_text("\n".join((*lines, inner)))
    elif kind in CHANGES:
        change_of(block, path)
    elif role == "assistant":
        content.part_texts()  # a call or a thought


def _source(block: dict[str, object], path: str) -> dict[str, object]:
    if block.get("source") is None:
        raise missing(f"{path}.source", "an object with type and what it says")
    source = mapping(block["source"], f"{path}.source")
    if source.get("type") is None:
        raise missing(f"{path}.source.type", "base64, url or text")
    return source


def _add_image(content: Content, source: dict[str, object], path: str) -> None:
    if source["type"] == "file":
        raise unsupported(f"{path}.type", "no files are stored here; send base64 or a url")
    if one_of(source["type"], f"{path}.type", ("base64", "url")) == "url":
        url = check_image_url(required_text(source, "url", path), f"{path}.url")
    else:
        media = one_of(required_text(source, "media_type", path), f"{path}.media_type", IMAGES)
        url = f"data:{media};base64,{required_text(source, 'data', path)}"
    content.add("image_url", {"url": url}, path)


def _add_document(content: Content, block: dict[str, object], path: str) -> None:
    citations = block.get("citations")
    if citations is not None and mapping(citations, f"{path}.citations").get("enabled"):
        raise unsupported(
            f"{path}.citations",
            "citations of a document are not passed on, whichever model answers",
        )
    source = _source(block, path)
    title = text(block.get("title") or "", f"{path}.title")
    if source["type"] in ("url", "file"):
        raise unsupported(f"{path}.source.type", "nothing is fetched here; send base64 or text")
    kind = one_of(source["type"], f"{path}.source.type", ("base64", "text", "content"))
    if kind == "base64":
        media = required_text(source, "media_type", f"{path}.source")
        one_of(media, f"{path}.source.media_type", ("application/pdf",))
        file_data = f"data:{media};base64,{required_text(source, 'data', f'{path}.source')}"
        name = {"filename": title or "document.pdf"}
        content.add("file", {"file_data": file_data, **name}, path)
        return
    if kind == "text":
        words = required_text(source, "data", f"{path}.source")
    else:
        inner = source.get("content")
        known = type(inner) is str
        words = str(inner) if known else _content(inner, "system", f"{path}.source.content").text
    context = text(block.get("context") or "", f"{path}.context")
    content.add_text("\n".join([part for part in (title, context, words) if part]))


def _tool_use(block: dict[str, object], path: str) -> ToolCall:
    if block.get("input") is None:
        raise missing(f"{path}.input", "an object")
    given = mapping(block["input"], f"{path}.input")
    name = read_name(block.get("name"), f"{path}.name", long=True)
    return ToolCall(_id(block, "id", path), short_name(name), json_text(given, f"{path}.input"))


def _tool_result(block: dict[str, object], path: str) -> tuple[Message, Content | None]:
    """Returns the result's text, and the pictures and documents in it.

    Chat completions accept those only from a user.
    """
    result = block.get("content")
    attached: Content | None = None
    if result is None or result == []:
        words = ""
    elif type(result) is str:
        words = result
    else:
        content = _content(result, "tool", f"{path}.content")
        attached = content.attachments
        words = content.text or (ATTACHED if attached else "")
    failed = block.get("is_error")
    if failed is not None and boolean(failed, f"{path}.is_error"):
        words = FAILED + words
    return Message("tool", words, tool_call_id=_id(block, "tool_use_id", path)), attached


def _id(block: dict[str, object], key: str, path: str) -> str:
    return bounded_text(required_text(block, key, path), f"{path}.{key}", 1, MAX_CALL_ID)


class Tools(Struct, frozen=True):
    """Holds the client's own tools, and the types of those that Anthropic defines or runs."""

    own: tuple[ToolSpec, ...] = ()
    unsupported: tuple[str, ...] = ()


_PLACEHOLDER = "DeferredToolPlaceholder"
"""Names what Claude Code adds so that Anthropic goes on loading tools late. No model may call it,
so it reaches Claude alone, in the body that goes out as it was written."""
_CLIENT_RUN = re.compile(r"(?:bash|computer|memory|text_editor)_\d{8}")
"""Finds tools that Anthropic defines and the client runs: they cost no more than their tokens."""


def is_the_clients(kind: str | None) -> bool:
    """Returns True for the type of a tool that the client runs: its own, or Anthropic's."""
    return kind in (None, "custom") or is_client_run(kind)


def is_client_run(kind: str | None) -> bool:
    """Returns True for the type of a tool that Anthropic defines and the client runs."""
    return kind is not None and _CLIENT_RUN.fullmatch(kind) is not None


def read_tools(value: object, param: str) -> Tools:
    """Returns all tools. Tools that no tier offers are only named, so that a policy may refuse."""
    items = array(value, param)
    if len(items) > MAX_TOOLS:
        raise wrong_value(param, items, f"at most {MAX_TOOLS} tools")
    tools = [read_tool(item, f"{param}[{i}]") for i, item in enumerate(items)]
    own = [tool for tool in tools if isinstance(tool, ToolSpec) and tool.name != _PLACEHOLDER]
    others = dict.fromkeys([tool for tool in tools if isinstance(tool, str)])
    return Tools(tuple(own), tuple(others))


def read_tool(item: object, path: str) -> ToolSpec | str:
    """Returns a tool, or the type of one that no tier offers."""
    kind = mapping(item, path).get("type")
    if kind is None or text(kind, f"{path}.type") == "custom":
        return _tool(item, path)
    if is_client_run(text(kind, f"{path}.type")):
        return _native_tool(mapping(item, path), path)
    return bounded_text(kind, f"{path}.type", 1, 64)


def _native_tool(tool: dict[str, object], path: str) -> ToolSpec:
    name = read_name(tool.get("name"), f"{path}.name")
    return ToolSpec(name, "", JsonText('{"type":"object"}'), native=json_text(tool, path))


def _tool(value: object, path: str) -> ToolSpec:
    tool = mapping(value, path)
    description, strict = tool.get("description"), tool.get("strict")
    if tool.get("input_schema") is None:
        raise missing(f"{path}.input_schema", "a JSON schema of the input")
    name = read_name(tool.get("name"), f"{path}.name", long=True)
    short = short_name(name)
    return ToolSpec(
        short,
        "" if description is None else text(description, f"{path}.description"),
        json_text(mapping(tool["input_schema"], f"{path}.input_schema"), f"{path}.input_schema"),
        strict is not None and boolean(strict, f"{path}.strict"),
        own_name="" if short == name else name,
    )


def read_choice(value: object, param: str) -> tuple[JsonText, bool | None]:
    """Returns the choice in chat completions' form, and whether calls may be parallel."""
    given = mapping(value, param)
    if given.get("type") is None:
        raise missing(f"{param}.type", "auto, any, tool or none")
    kind = one_of(given["type"], f"{param}.type", ("auto", "any", "tool", "none"))
    single = given.get("disable_parallel_tool_use")
    parallel = None
    if single is not None:
        parallel = not boolean(single, f"{param}.disable_parallel_tool_use")
    if kind != "tool":
        return json_text({"any": "required"}.get(kind, kind), param), parallel
    name = short_name(read_name(given.get("name"), f"{param}.name", long=True))
    return json_text({"type": "function", "function": {"name": name}}, param), parallel
