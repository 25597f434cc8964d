"""Writes a Messages body again in its client's own words, without what Anthropic would refuse.

What is left out: texts of no words, thoughts of other issuers, tools that Anthropic runs, and what
the upstream's model refused before. This module knows nothing about other formats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2s

import orjson

from router.privacy.provider_seals import read_back
from router.types import Original
from router.wire.anthropic.blocks import THOUGHTS, is_the_clients
from router.wire.anthropic.system_turns import (
    as_users_turns,
    has_system_turns,
    without_efforts,
    without_hosted_changes,
)
from router.wire.call_ids import RESPONSES_ID, sent_id
from router.wire.digits import loads_exactly
from router.wire.refusals import EFFORT, SYSTEM_TURNS, THINKING, THINKING_TYPE, other_kind

# The client's own values go on under these keys. The other keys are ours (model, max_tokens,
# stream), or are refused or left out when the body is read, since no price list here covers them.
_PASSED_ON = (
    "system",
    "messages",
    "tools",
    "tool_choice",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "thinking",
    "output_config",
    "output_format",
    "metadata",
    "context_management",
    "cache_control",
)
NO_TEXT = "(no text)"
"""Replaces a last turn of blanks. Anthropic refuses it as it is, and without it would continue the
assistant's turn before it."""
GO_ON = "(go on)"
"""Follows a last turn of the assistant. Without it the model would continue that turn, and a client
of chat completions reads a new answer."""
_CALL_ID = re.compile(r"[a-zA-Z0-9_-]+")
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


def own_words(original: Original, issuer: str) -> dict[str, object]:
    """Returns the body with the client's keys that go on; items of other issuers are left out."""
    loads = loads_exactly if original.has_large_integers else orjson.loads
    given = loads(original.body)
    assert isinstance(given, dict)  # the request was read before
    left_out = original.left_out
    body = {
        key: given[key] for key in _PASSED_ON if given.get(key) is not None and key not in left_out
    }
    body["max_tokens"] = given.get("max_tokens")  # none where tokens are only counted
    if "stop_sequences" in body:
        _leave_out_blank_stops(body)
    _write_turns(body, original, issuer)
    if not (system := _content_with_words(body.get("system"))):
        body.pop("system", None)
    else:
        body["system"] = system
    if "tools" in body:
        _leave_out_hosted(body)
    if "tools" not in body and not has_system_turns(body["messages"]):
        body.pop("tool_choice", None)  # Anthropic refuses it where no tool is offered
    if THINKING in left_out:
        leave_out_thoughts(body)
    elif THINKING_TYPE in left_out and original.thinking:
        body["thinking"] = other_kind(original.thinking)
    if EFFORT in left_out and isinstance(config := body.get("output_config"), dict):
        config.pop("effort", None)
    if _lost_its_thoughts(body):
        # While it thinks, Anthropic refuses a turn of calls without the thoughts before them.
        leave_out_thoughts(body)
    return body


def _write_turns(body: dict[str, object], original: Original, issuer: str) -> None:
    turns = body["messages"]
    assert isinstance(turns, list)
    last_role = turns[-1]["role"]
    if original.has_system_turns:
        for turn in turns:
            turn["content"] = turn.get("content") or []  # one may only state an effort
        without_hosted_changes(turns, body.get("tools"))
        if EFFORT in original.left_out:
            without_efforts(turns)
        if SYSTEM_TURNS in original.left_out:
            as_users_turns(body)
    for turn in turns:
        _name_calls(turn["content"])
    turns = [_worded(_unsealed(turn, issuer)) for turn in turns]
    body["messages"] = said = [
        turn for turn in turns if turn["content"] or turn.get("output_config")
    ]
    end_with_user(said, last_role)


def leave_out_thoughts(body: dict[str, object]) -> None:
    """Turns thinking off, with the edits of a context that are about thoughts."""
    for key in ("thinking", "context_management"):
        body.pop(key, None)


def _leave_out_blank_stops(body: dict[str, object]) -> None:
    """Removes stop sequences of blanks, which Anthropic refuses: the answer is cut at them here."""
    given = body.pop("stop_sequences")
    assert isinstance(given, list)
    if stops := [stop for stop in given if stop.strip()]:
        body["stop_sequences"] = stops


def _leave_out_hosted(body: dict[str, object]) -> None:
    """Removes tools that Anthropic itself runs, which have their own prices.

    They were left out when the request was read.
    """
    tools = body.pop("tools")
    assert isinstance(tools, list)
    if own_tools := [tool for tool in tools if is_the_clients(tool.get("type"))]:
        body["tools"] = own_tools


def _name_calls(content: object) -> None:
    """Gives calls and their results ids that Anthropic takes, where another model wrote others."""
    for block in content if isinstance(content, list) else ():
        for key in ("id", "tool_use_id"):
            if block["type"] in ("tool_use", "tool_result") and key in block:
                block[key] = call_id(block[key])


def call_id(call_id: str) -> str:
    """Returns an id of a call as Anthropic takes it; the digest keeps two of them apart.

    >>> call_id("call_1"), call_id("functions.now:0")
    ('call_1', 'functions_now_0_190594d9')
    """
    call_id = sent_id(call_id, RESPONSES_ID)
    if _CALL_ID.fullmatch(call_id):
        return call_id
    digest = blake2s(call_id.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{_NOT_IN_IDS.sub('_', call_id)}_{digest}"


def _unsealed(message: dict[str, object], issuer: str) -> dict[str, object]:
    """Returns the message with only the thoughts of this issuer, in its own form."""
    content = message["content"]
    if message["role"] != "assistant" or not isinstance(content, list):
        return message
    kept: list[object] = []
    for block in content:
        if block["type"] not in THOUGHTS:
            kept.append(block)
        elif (sealed := read_back(block["type"], block)) and sealed.issuer == issuer:
            kept.append(orjson.loads(sealed.payload))
    return {**message, "content": kept}


def _worded(message: dict[str, object]) -> dict[str, object]:
    """Returns the message without texts of no words, nor an end in thoughts; both are refused."""
    kept = _content_with_words(message["content"])
    if isinstance(kept, list):
        while kept and kept[-1]["type"] in THOUGHTS:
            kept.pop()
    return {**message, "content": kept}


def _content_with_words(content: object) -> object:
    """Returns a string or blocks without texts of no words, which Anthropic refuses."""
    if isinstance(content, str):
        return content if content.strip() else ""
    if not isinstance(content, list):
        return content
    kept = []
    for block in content:
        if block["type"] == "text" and not str(block["text"]).strip():
            continue
        if block["type"] == "tool_result" and "content" in block:
            block = {**block, "content": _content_with_words(block["content"])}
        kept.append(block)
    return kept


def end_with_user(turns: list[dict[str, object]], last_role: str) -> None:
    """Adds a turn of the user where the last one had no words, or was the assistant's own."""
    if not turns or turns[-1]["role"] == "assistant":
        turns.append({"role": "user", "content": GO_ON if last_role == "assistant" else NO_TEXT})


def _lost_its_thoughts(body: Mapping[str, object]) -> bool:
    """Returns True when thinking has a budget, but a running tool loop lacks its thoughts."""
    thinking, messages = body.get("thinking"), body["messages"]
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled":
        return False
    assert isinstance(messages, list)
    turns = [message for message in messages if message["role"] == "assistant"]
    if not turns or messages[-1] is turns[-1] or not isinstance(turns[-1]["content"], list):
        return False
    kinds = [block["type"] for block in turns[-1]["content"]]
    return "tool_use" in kinds and kinds[0] not in THOUGHTS
