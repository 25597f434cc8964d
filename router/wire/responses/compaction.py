"""Summarises a long conversation: `compaction_trigger` and `POST /v1/responses/compact`.

Agents ask for a summary when their context is full, and end the session without one. Here any
answering model can write it. The summary comes back as an item of type `compaction`, which every
later turn reads, with any model. OpenAI seals that item for itself. Ours is only packed, since it
holds the client's own conversation. This module knows nothing about HTTP.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

import orjson

from router.types import Answer, Choice, JsonText, Message, Usage
from router.wire.checks import json_text
from router.wire.openai.render import to_json, with_routing

TRIGGER = "compaction_trigger"
KINDS = ("compaction", "compaction_summary", "context_compaction")
"""Lists the names of an item with a summary, also those of older clients."""
_PACKED = "tg1c."

ASKED = Message(
    "user",
    "Summarize this conversation so that another model can go on with the work from your summary "
    "alone. Say what the user wants, what was decided, what was done, with the names of files, "
    "functions and commands, what was found out, what failed, and what is to be done next. "
    "Write the summary and nothing else, and call no tool.",
)
_INTRODUCTION = "This is a summary of the conversation until here:\n\n"


def compaction_item(id: str, place: int, choice: Choice) -> dict[str, object]:
    """Returns the summary as the item at `place` of the output."""
    words = choice.text.strip().encode("utf-8", "replace")
    packed = _PACKED + base64.b64encode(words).decode()
    return {"id": f"cmp_{id}_{place}", "type": "compaction", "encrypted_content": packed}


def render_compaction(
    answer: Answer,
    kept: Sequence[JsonText],
    *,
    id: str,
    created: int,
    routing: JsonText | None = None,
) -> bytes:
    """Returns a whole `response.compaction`: the unchanged items, then the summary."""
    body = to_json(
        {
            "id": f"resp_{id}",
            "object": "response.compaction",
            "created_at": created,
            "output": [
                *map(orjson.Fragment, kept),
                compaction_item(id, len(kept), answer.choices[0]),
            ],
            "usage": responses_usage(answer.usage),
        }
    )
    return with_routing(body, routing)


def message_object(item: Mapping[str, object]) -> JsonText:
    """Returns a message in item form, with its content in parts.

    Raises RequestError for a message nested too deep.
    """
    content = item.get("content")
    if isinstance(content, str):
        content = [{"type": "input_text", "text": content}]
    return json_text({**item, "type": "message", "content": content}, "input")


def responses_usage(usage: Usage) -> dict[str, object]:
    """Returns the five counts: input includes cached tokens, output includes reasoning."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }


def summary_message(item: dict[str, object]) -> Message | None:
    """Returns the message of a compaction made here, or None for others, which are unreadable."""
    sealed = item.get("encrypted_content")
    if type(sealed) is not str or not sealed.startswith(_PACKED):
        return None
    try:
        words = base64.b64decode(sealed.removeprefix(_PACKED), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Message("user", _INTRODUCTION + words.decode("utf-8", "replace"))
