"""Answers endpoints by domain as an upstream: fills the schema that it is sent.

Each list quotes the text's first sentence, or as many as the model's name asks for (`extractor:2`),
and what no text says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import orjson

NOWHERE = "These words are nowhere."
WRITTEN = "Written by a model."


def filled(fields: Mapping[str, object]) -> str:
    """Returns the JSON text of an answer to these fields of a request."""
    messages, form = fields["messages"], fields["response_format"]
    assert isinstance(messages, list)
    assert isinstance(form, dict)
    text = messages[-1]["content"]
    most = int(str(fields["model"]).partition(":")[2] or 1)
    quotes = [*re.split(r"(?<=[.!?])\s", text)[:most], NOWHERE]
    schema = form["json_schema"]["schema"]
    return orjson.dumps(
        {name: _value(part, quotes) for name, part in schema["properties"].items()}
    ).decode()


def _value(schema: Mapping[str, object], quotes: Sequence[str]) -> object:
    if schema.get("type") == "array":
        items = schema["items"]
        assert isinstance(items, dict)
        return [_item(items["properties"], one) for one in quotes]
    return _plain(schema)


def _item(properties: Mapping[str, Mapping[str, object]], quote: str) -> dict[str, object]:
    return {
        name: quote if name == "quote" else _plain(schema) for name, schema in properties.items()
    }


def _plain(schema: Mapping[str, object]) -> object:
    allowed = schema.get("enum")
    if isinstance(allowed, list):
        return allowed[0]
    kind, longest = schema.get("type"), schema.get("maxLength")
    text = WRITTEN[:longest] if isinstance(longest, int) else WRITTEN
    return 7 if kind == "number" else None if isinstance(kind, list) else text
