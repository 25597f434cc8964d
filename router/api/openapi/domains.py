"""Describes endpoints by domain for `/openapi.json`: those that the served policies declare. Pure.

Only a server whose policies have `endpoints` loads this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.api.openapi.document import IDEMPOTENCY_KEY
from router.policy.sections.answering.endpoints import EndpointSection

_ERROR = {
    "description": "An error in OpenAI's form; 422 for a text or facts that do not fit.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}
_CHANCE = {"type": "number", "minimum": 0, "maximum": 1}
_ITEM = {
    "type": "object",
    "required": ["text", "start", "end", "confidence", "by"],
    "properties": {
        "text": {"type": "string"},
        "start": {"type": "integer", "minimum": 0},
        "end": {"type": "integer", "minimum": 0},
        "confidence": _CHANCE,
        "by": {"type": "array", "items": {"type": "string"}},
    },
}
_LABEL = {
    "type": "object",
    "required": ["label", "confidence"],
    "properties": {"label": {"type": "string"}, "confidence": _CHANCE},
}


def with_paths(
    described: Mapping[str, object], sections: Sequence[EndpointSection]
) -> dict[str, object]:
    """Returns an OpenAPI document with the paths of these endpoints added."""
    paths = described["paths"]
    assert isinstance(paths, dict)
    return {**described, "paths": {**paths_of(sections), **paths}}


def paths_of(sections: Sequence[EndpointSection]) -> dict[str, object]:
    """Returns the paths of these endpoints, each with its schemas."""
    paths: dict[str, object] = {}
    for section in sections:
        base = f"/api/v1/{section.path}"
        paths[f"{base}/analyze"] = {"post": _operation(section, batch=False)}
        paths[f"{base}/batch"] = {"post": _operation(section, batch=True)}
    return paths


def _operation(section: EndpointSection, *, batch: bool) -> dict[str, object]:
    answer = _list(section) if batch else _one(section, envelope=True)
    return {
        "summary": f"{section.path}: {'several texts' if batch else 'one text'}",
        "description": section.description,
        "security": [{"key": []}],
        "parameters": [IDEMPOTENCY_KEY],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body_of(section, batch=batch)}},
        },
        "responses": {
            "200": {
                "description": "Done.",
                "content": {"application/json": {"schema": answer}},
            },
            "default": _ERROR,
        },
    }


def body_of(section: EndpointSection, *, batch: bool) -> dict[str, object]:
    """Returns the JSON Schema of a body of this endpoint."""
    text = {"type": "string", "minLength": 1, "maxLength": section.limits.max_characters}
    facts = {"type": "object", "additionalProperties": False, **section.facts}
    own: dict[str, object] = {"text": text, **({"facts": facts} if section.facts else {})}
    needed = ["text", *(["facts"] if section.facts.get("required") else [])]
    common: dict[str, object] = {
        "fields": {"type": "array", "items": {"enum": list(section.fields)}},
        "tags": {"type": "array", "maxItems": 16, "items": {"type": "string", "maxLength": 64}},
        "routing": {"type": "object"},
    }
    if not batch:
        image = {"type": "string", "pattern": "^(https?://|data:image/)"}
        either = {"anyOf": [{"required": ["text"]}, {"required": ["image"]}]}
        others = [name for name in needed if name != "text"]
        return {**_object({**own, "image": image, **common}, others), **either}
    row = _object(own, needed)
    most = section.limits.max_batch
    texts = {"type": "array", "minItems": 1, "maxItems": most, "items": text}
    rows = {"type": "array", "minItems": 1, "maxItems": most, "items": row}
    return {
        "anyOf": [
            _object({"inputs": rows, **common}, ["inputs"]),
            _object({"texts": texts, **common}, ["texts"]),
        ]
    }


def _object(properties: Mapping[str, object], required: Sequence[str]) -> dict[str, object]:
    # Of a key that may be left out, null means the same.
    return {
        "type": "object",
        "required": list(required),
        "properties": {
            name: schema if name in required else {"anyOf": [schema, {"type": "null"}]}
            for name, schema in properties.items()
        },
        "additionalProperties": False,
    }


def _one(section: EndpointSection, *, envelope: bool) -> dict[str, object]:
    fields: dict[str, object] = {
        name: {"type": "array", "items": _ITEM} for name in section.extract
    }
    if section.rules:
        fields["findings"] = {"type": "array", "items": _ITEM}
    fields |= dict.fromkeys(section.labels, _LABEL)
    fields |= section.write
    required = ["id", "tier", "model", "status", "confidence", "result", "unread", "dropped"]
    return {
        "type": "object",
        "required": [*required, *(["object", "domain", "task", "policy"] if envelope else [])],
        "properties": {
            "id": {"type": "string"},
            "status": {"type": "string"},
            "confidence": _CHANCE,
            "confidence_source": {"type": "string"},
            "verdict": {"type": "string"},
            "result": {"type": "object", "properties": fields},
            "unread": {"type": "object", "additionalProperties": {"type": "string"}},
            "dropped": {"type": "integer", "minimum": 0},
        },
    }


def _list(section: EndpointSection) -> dict[str, object]:
    failed = {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "object", "required": ["code", "message"]}},
    }
    row = {"anyOf": [_one(section, envelope=False), failed]}
    return {
        "type": "object",
        "required": ["object", "domain", "task", "policy", "failed", "data"],
        "properties": {"data": {"type": "array", "items": row}},
    }
