"""Making a long conversation short: `compaction_trigger` and `POST /v1/responses/compact`.

Agents ask for it when their context fills up, and end the session when nobody does it. Here any
model that answers can: it is asked for a summary, which comes back as an item of type `compaction`
that every later turn reads, whichever model it goes to. Where OpenAI seals that item for itself,
ours is only packed: it holds the client's own conversation. It knows nothing about HTTP.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

import orjson

from router.types import Answer, Choice, JsonText, Message, Usage
from router.wire.checks import json_text
from router.wire.openai.render import to_json

TRIGGER = "compaction_trigger"
KINDS = ("compaction", "compaction_summary", "context_compaction")
"""What an item with a summary is called; by clients of other days, too."""
_PACKED = "tg1c."

ASKED = Message(
    "user",
    "Summarize this conversation so that another model can go on with the work from your summary "
    "alone. Say what the user wants, what was decided, what was done, with the names of files, "
    "functions and commands, what was found out, what failed, and what is to be done next. "
    "Write the summary and nothing else, and call no tool.",
)
_INTRODUCTION = "This is a summary of the conversation until here:\n\n"


def compaction_item(id: str, at: int, choice: Choice) -> dict[str, object]:
    """The summary as the `at`-th item of the output."""
    words = choice.text.strip().encode("utf-8", "replace")
    packed = _PACKED + base64.b64encode(words).decode()
    return {"id": f"cmp_{id}_{at}", "type": "compaction", "encrypted_content": packed}


def render_compaction(
    answer: Answer,
    kept: Sequence[JsonText],
    *,
    id: str,
    created: int,
    routing: JsonText | None = None,
) -> bytes:
    """A whole `response.compaction`: what stays as it was, then the summary of all."""
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
    return body if routing is None else body[:-1] + b',"routing":' + routing.encode() + b"}"


def message_object(item: Mapping[str, object]) -> JsonText:
    """A message as items have it: its content in parts. Raises RequestError, too deep a one."""
    content = item.get("content")
    if isinstance(content, str):
        content = [{"type": "input_text", "text": content}]
    return json_text({**item, "type": "message", "content": content}, "input")


def responses_usage(usage: Usage) -> dict[str, object]:
    """The five counts: cached tokens are part of input, reasoning of output."""
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
    """The message that a compaction made here stands for; None for one made elsewhere, which
    nobody here can read."""
    sealed = item.get("encrypted_content")
    if type(sealed) is not str or not sealed.startswith(_PACKED):
        return None
    try:
        words = base64.b64decode(sealed.removeprefix(_PACKED), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Message("user", _INTRODUCTION + words.decode("utf-8", "replace"))
