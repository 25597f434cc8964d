"""Anthropic's messages, system prompt and tools to ours.

Follows the Messages API (anthropic-version 2023-06-01, as of November 2026). A user turn may hold
tool results beside text: in chat completions these are messages of their own. Of what the assistant
thought before, what its issuer sealed is kept for it. It knows nothing about the rest of the body.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from router.privacy.provider_seals import read_back
from router.types import JsonText, Message, Sealed, ToolCall, ToolSpec
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
from router.wire.messages import (
    MAX_MESSAGES,
    MAX_PARTS,
    check_image_url,
    read_name,
)
from router.wire.parts import ATTACHED, Content, add_tool_call

_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_THOUGHTS = ("thinking", "redacted_thinking")
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
)
"""Calls that a provider made itself, in a history from elsewhere. No tier can read them, and a 400
would come with every later turn, so they are left out as the tools themselves are."""
_BLOCKS = {
    "user": ("text", "image", "document", "search_result", "tool_result"),
    "assistant": ("text", "tool_use", *_THOUGHTS, *_HOSTED),
    "system": ("text",),
    "tool": ("text", "image", "document", "search_result", "tool_reference"),
}
FAILED = "The tool failed:\n"
"""What stands before the text of a result with `is_error`, which chat completions cannot say."""

MAX_TOOLS = 1_000
"""More than OpenAI takes: agents defer most of theirs."""

ATTRIBUTION = "x-anthropic-billing-header:"
"""Begins a block that Claude Code puts before its system prompt, for Anthropic's books. It changes
with each request: read as words, no prompt cache would hit and no conversation be known again."""


def read_system(value: object, param: str) -> Message | None:
    """The system prompt, None for an empty one. Attribution is no part of it."""
    if value == []:
        return None
    pieces = (value,) if type(value) is str else _content(value, "system", param).words
    words = "\n".join([piece for piece in map(_unattributed, pieces) if piece])
    return Message("system", words) if words else None


def _unattributed(words: str) -> str:
    """The words without a first line that is attribution."""
    return words.partition("\n")[2] if words.startswith(ATTRIBUTION) else words


def read_turns(value: object, param: str) -> tuple[Message, ...]:
    """The conversation, which ends with the user."""
    items = array(value, param)
    if not 0 < len(items) <= MAX_MESSAGES:
        raise wrong_value(param, items, f"1 to {MAX_MESSAGES} messages")
    messages: list[Message] = []
    for i, item in enumerate(items):
        _add_turn(messages, mapping(item, f"{param}[{i}]"), f"{param}[{i}]")
    if messages[-1].role == "assistant":
        # A new answer would be taken for the rest of the one that was begun.
        raise unsupported(f"{param}[{len(items) - 1}]", "no tier goes on with a begun answer")
    return tuple(messages)


def _add_turn(messages: list[Message], item: dict[str, object], at: str) -> None:
    if item.get("role") is None:
        raise missing(f"{at}.role", "user or assistant")
    role = one_of(item["role"], f"{at}.role", ("user", "assistant", "system"))
    content = item.get("content")
    if content is None:
        raise missing(f"{at}.content", "a string or an array of blocks")
    if type(content) is str:
        messages.append(Message(role, content))
        return
    blocks = _blocks(content, f"{at}.content")
    results = [(i, b) for i, b in enumerate(blocks) if b.get("type") == "tool_result"]
    if role == "user":
        given = [_tool_result(block, f"{at}.content[{i}]") for i, block in results]
        messages += [message for message, _ in given]
        messages += [shown.message("user") for _, shown in given if shown]
        if len(results) == len(blocks):
            return
    messages.append(_content(content, role, f"{at}.content").message(role))
    for i, block in enumerate(blocks):
        if block.get("type") == "tool_use":
            add_tool_call(messages, _tool_use(block, f"{at}.content[{i}]"), f"{at}.content[{i}]")
    if role == "assistant" and (sealed := _sealed(blocks)):
        messages[-1] = replace(messages[-1], sealed=sealed)


def _sealed(blocks: list[dict[str, object]]) -> tuple[Sealed, ...]:
    """Thoughts that were stamped here; those that nobody sealed are not read again."""
    found: list[Sealed] = []
    words = calls = 0
    for block in blocks:
        kind = block.get("type")
        if kind in _THOUGHTS:
            one = read_back(str(kind), block, words + calls)
            found += [] if one is None else [one]
        words = words or int(kind == "text" and bool(block.get("text")))
        calls += kind == "tool_use"
    return tuple(found)


def _blocks(value: object, at: str) -> list[dict[str, object]]:
    if type(value) is not list:
        raise wrong_type(at, value, "a string or an array of blocks")
    if not 0 < len(value) <= MAX_PARTS:
        raise wrong_value(at, value, f"1 to {MAX_PARTS} blocks")
    return [mapping(block, f"{at}[{i}]") for i, block in enumerate(value)]


def _content(value: object, role: str, at: str) -> Content:
    """The blocks that are words or attachments; calls and results are read by the turn."""
    content = Content()
    for i, block in enumerate(_blocks(value, at)):
        _add_block(content, block, role, f"{at}[{i}]")
    return content


def _add_block(content: Content, block: dict[str, object], role: str, at: str) -> None:
    if block.get("type") is None:
        raise missing(f"{at}.type", f"one of {', '.join(_BLOCKS[role])}")
    kind = one_of(block["type"], f"{at}.type", _BLOCKS[role])
    if kind == "text":
        content.add_text(required_text(block, "text", at))
    elif kind == "image":
        _add_image(content, _source(block, at), f"{at}.source")
    elif kind == "document":
        _add_document(content, block, at)
    elif kind == "tool_reference":
        content.add_text(f"{required_text(block, 'tool_name', at)} can be called from now on.")
    elif kind == "search_result":
        found = [required_text(block, key, at) for key in ("title", "source")]
        inner = _content(block.get("content"), "system", f"{at}.content").text
        content.add_text("\n".join((*found, inner)))


def _source(block: dict[str, object], at: str) -> dict[str, object]:
    if block.get("source") is None:
        raise missing(f"{at}.source", "an object with type and what it says")
    source = mapping(block["source"], f"{at}.source")
    if source.get("type") is None:
        raise missing(f"{at}.source.type", "base64, url or text")
    return source


def _add_image(content: Content, source: dict[str, object], at: str) -> None:
    if source["type"] == "file":
        raise unsupported(f"{at}.type", "no files are stored here; send base64 or a url")
    if one_of(source["type"], f"{at}.type", ("base64", "url")) == "url":
        url = check_image_url(required_text(source, "url", at), f"{at}.url")
    else:
        media = one_of(required_text(source, "media_type", at), f"{at}.media_type", _IMAGES)
        url = f"data:{media};base64,{required_text(source, 'data', at)}"
    content.add("image_url", {"url": url}, at)


def _add_document(content: Content, block: dict[str, object], at: str) -> None:
    citations = block.get("citations")
    if citations is not None and mapping(citations, f"{at}.citations").get("enabled"):
        raise unsupported(f"{at}.citations", "no tier cites passages of a document")
    source = _source(block, at)
    title = text(block.get("title") or "", f"{at}.title")
    if source["type"] in ("url", "file"):
        raise unsupported(f"{at}.source.type", "nothing is fetched here; send base64 or text")
    kind = one_of(source["type"], f"{at}.source.type", ("base64", "text", "content"))
    if kind == "base64":
        media = required_text(source, "media_type", f"{at}.source")
        one_of(media, f"{at}.source.media_type", ("application/pdf",))
        found = f"data:{media};base64,{required_text(source, 'data', f'{at}.source')}"
        name = {"filename": title or "document.pdf"}
        content.add("file", {"file_data": found, **name}, at)
        return
    if kind == "text":
        words = required_text(source, "data", f"{at}.source")
    else:
        inner = source.get("content")
        known = type(inner) is str
        words = str(inner) if known else _content(inner, "system", f"{at}.source.content").text
    context = text(block.get("context") or "", f"{at}.context")
    content.add_text("\n".join([part for part in (title, context, words) if part]))


def _tool_use(block: dict[str, object], at: str) -> ToolCall:
    if block.get("input") is None:
        raise missing(f"{at}.input", "an object")
    given = mapping(block["input"], f"{at}.input")
    name = read_name(block.get("name"), f"{at}.name")
    return ToolCall(_id(block, "id", at), name, json_text(given, f"{at}.input"))


def _tool_result(block: dict[str, object], at: str) -> tuple[Message, Content | None]:
    """The result's words, and the pictures and documents in it, which chat completions take from a
    user alone."""
    found = block.get("content")
    shown: Content | None = None
    if found is None or found == []:
        words = ""
    elif type(found) is str:
        words = found
    else:
        content = _content(found, "tool", f"{at}.content")
        shown = content.attachments
        words = content.text or (ATTACHED if shown else "")
    failed = block.get("is_error")
    if failed is not None and boolean(failed, f"{at}.is_error"):
        words = FAILED + words
    return Message("tool", words, tool_call_id=_id(block, "tool_use_id", at)), shown


def _id(block: dict[str, object], key: str, at: str) -> str:
    return bounded_text(required_text(block, key, at), f"{at}.{key}", 1, 512)


# --- tools ----------------------------------------------------------------------------------------


class Tools(Struct, frozen=True):
    """The client's own tools, and the types of those that Anthropic defines or runs."""

    own: tuple[ToolSpec, ...] = ()
    unsupported: tuple[str, ...] = ()


def read_tools(value: object, param: str) -> Tools:
    """All tools. Those that no tier offers are left out, and named so that a policy may refuse."""
    others: list[str] = []

    def own(item: object, at: str) -> ToolSpec | None:
        kind = mapping(item, at).get("type")
        if kind is None or text(kind, f"{at}.type") == "custom":
            return _tool(item, at)
        others.append(bounded_text(kind, f"{at}.type", 1, 64))
        return None

    items = array(value, param)
    if len(items) > MAX_TOOLS:
        raise wrong_value(param, items, f"at most {MAX_TOOLS} tools")
    found = [own(item, f"{param}[{i}]") for i, item in enumerate(items)]
    return Tools(tuple(filter(None, found)), tuple(dict.fromkeys(others)))


def _tool(value: object, at: str) -> ToolSpec:
    tool = mapping(value, at)
    description, strict = tool.get("description"), tool.get("strict")
    if tool.get("input_schema") is None:
        raise missing(f"{at}.input_schema", "a JSON schema of the input")
    return ToolSpec(
        read_name(tool.get("name"), f"{at}.name"),
        "" if description is None else text(description, f"{at}.description"),
        json_text(mapping(tool["input_schema"], f"{at}.input_schema"), f"{at}.input_schema"),
        strict is not None and boolean(strict, f"{at}.strict"),
    )


def read_choice(value: object, param: str) -> tuple[JsonText, bool | None]:
    """The tool choice as chat completions write it, and whether calls may be parallel."""
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
    name = read_name(given.get("name"), f"{param}.name")
    return json_text({"type": "function", "function": {"name": name}}, param), parallel
