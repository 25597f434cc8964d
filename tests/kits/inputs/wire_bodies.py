"""Gives, for each endpoint that answers, the same question and a body with every field."""

from __future__ import annotations

import copy
from collections.abc import Iterator

QUESTION = "Where is my parcel?"
TURN = {"role": "user", "content": QUESTION}
# The smallest body of each endpoint that gets the question answered.
ASKED: dict[str, dict[str, object]] = {
    "/v1/chat/completions": {"messages": [TURN], "max_completion_tokens": 64},
    "/v1/responses": {"input": QUESTION, "max_output_tokens": 64},
    "/v1/messages": {"messages": [TURN], "max_tokens": 64},
    "/v1/completions": {"prompt": QUESTION, "max_tokens": 64},
}

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
FUNCTION = {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}
PNG = "data:image/png;base64,AAAA"
# Fields that every endpoint reads or passes on; `other` is one that none of them knows.
COMMON = {
    "model": "auto",
    "temperature": 0.5,
    "top_p": 0.5,
    "stream": True,
    "routing": {"stakes_usd": 5, "tags": ["a"], "context": {"order_id": "1"}},
    "user": "u",
    "other": {"a": [1]},
}
# Each body uses as many fields of its endpoint as possible, so that a fuzz test changes all.
BODIES: dict[str, dict[str, object]] = {
    "/v1/chat/completions": {
        **COMMON,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]},
        ],
        "tools": [{"type": "function", "function": FUNCTION}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "stream_options": {"include_usage": True},
        "stop": ["a"],
    },
    "/v1/responses": {
        **COMMON,
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "hi"},
                    {"type": "input_image", "image_url": PNG, "detail": "low"},
                    {"type": "input_file", "file_data": "x", "filename": "a.pdf"},
                ],
            },
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "tg1.a.b"},
            {"type": "custom_tool_call", "call_id": "c0", "name": "c", "input": "x"},
            {"type": "custom_tool_call_output", "call_id": "c0", "output": "y"},
            {"type": "compaction", "encrypted_content": "tg1c.aGk="},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {
                "type": "function_call_output",
                "call_id": "c1",
                "output": [{"type": "input_text", "text": "done"}],
            },
        ],
        "instructions": "Be brief.",
        "tools": [
            {"type": "function", **FUNCTION},
            {"type": "namespace", "name": "n", "tools": [{"type": "function", **FUNCTION}]},
            {"type": "custom", "name": "c", "format": GRAMMAR},
        ],
        "tool_choice": {"type": "function", "name": "f"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}},
        "reasoning": {"effort": "low", "summary": "auto"},
        "metadata": {"a": "b"},
        "include": ["reasoning.encrypted_content"],
    },
    "/v1/messages": {
        **COMMON,
        "max_tokens": 9,
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "hi"},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                    },
                    {
                        "type": "document",
                        "title": "T",
                        "source": {"type": "text", "media_type": "text/plain", "data": "Words."},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": ""},
                    {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t1",
                        "is_error": True,
                        "content": [{"type": "text", "text": "done"}],
                    }
                ],
            },
        ],
        "tools": [{"name": "f", "description": "d", "input_schema": SCHEMA}],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
        "metadata": {"user_id": "u"},
        "stop_sequences": ["a"],
    },
    "/v1/completions": {
        **COMMON,
        "prompt": ["hi", "ho"],
        "max_tokens": 9,
        "n": 2,
        "logprobs": 2,
        "stop": "a",
        "stream_options": {"include_usage": True},
    },
}
BODIES["/v1/responses/compact"] = BODIES["/v1/responses"]


def nodes(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Yields the path to every node below the body."""
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield (*path, key)
            yield from nodes(value[key], (*path, key))


def changed(body: object, path: tuple[object, ...], value: object) -> object:
    """Returns the body with another value at a path; `...` removes the node."""
    body = copy.deepcopy(body)
    node = body
    for key in path[:-1]:
        node = node[key]  # type: ignore[index]
    if value is ...:
        del node[path[-1]]  # type: ignore[attr-defined]
    else:
        node[path[-1]] = value  # type: ignore[index]
    return body
