"""Describes the bodies of requests and errors as JSON schemas for `/openapi.json`.

Only keys that are read are described; a key that is refused is not. Every body that a tier answers
may have hints.
"""

from __future__ import annotations

from router.api.batches.lines import BY_DOMAIN, ENDPOINTS
from router.types import (
    CSAT_HIGHEST,
    CSAT_LOWEST,
    EMBEDDING_MODEL,
    MAX_REVIEW_MINUTES,
    MODERATION_MODEL,
    ReviewVerdict,
)
from router.wire.analysis import MAX_TAGS, MAX_TEXTS
from router.wire.feedback import MAX_COMMENT, MAX_CORRECTED, MAX_REASON
from router.wire.openai.completions import MAX_PROMPTS
from router.wire.openai.embeddings import MAX_INPUTS

ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}

ANTHROPIC_ERROR = {
    "type": "object",
    "required": ["type", "error", "request_id"],
    "properties": {
        "type": {"const": "error"},
        "error": {
            "type": "object",
            "required": ["type", "message"],
            "properties": {"type": {"type": "string"}, "message": {"type": "string"}},
        },
        "request_id": {"type": "string"},
    },
}

HINTS = {
    "policy": {"type": "string"},
    "min_tier": {"type": "integer"},
    "max_tier": {"type": "integer"},
    "stakes_usd": {"type": "number"},
    "confidence_floor": {"type": "number"},
    "max_cost_usd": {"type": "number"},
    "deadline_ms": {"type": "integer"},
    "session": {"type": "string"},
    "context": {"type": "object", "additionalProperties": {"type": "string"}},
    "tags": {"type": "array", "items": {"type": "string"}},
    "dry_run": {"type": "boolean"},
    "debug": {"type": "boolean"},
}
"""Describes the `routing` object; a test compares its keys with those that the wire reads."""

_MODEL = {
    "type": "string",
    "description": "auto, auto:<policy>, tier:<name>, or an alias of the policy.",
}
_ROUTING = {
    "type": "object",
    "description": "Hints to the router. All are optional; caution may be raised freely.",
    "additionalProperties": False,
    "properties": HINTS,
}
_COUNT = {"type": "integer", "minimum": 1}
_OBJECTS = {"type": "array", "items": {"type": "object"}}
_WORDS = {"type": ["string", "array"]}
_FLAG = {"type": "boolean"}
_OBJECT = {"type": "object"}
# Bounds that the wire checks as well, so that a generated client knows them.
_SAMPLING = {
    "temperature": {"type": "number", "minimum": 0, "maximum": 2},
    "top_p": {"type": "number", "minimum": 0, "maximum": 1},
}
_STREAM = {
    "stream": _FLAG,
    "stream_options": {"type": "object", "properties": {"include_usage": _FLAG}},
}


def _answered(required: list[str], **properties: object) -> dict[str, object]:
    """Returns the schema of a body that a tier answers; keys that are not listed are passed on."""
    common: dict[str, object] = {"model": _MODEL, "routing": _ROUTING, **_SAMPLING}
    return {"type": "object", "required": required, "properties": {**common, **properties}}


CHAT, RESPONSES, MESSAGES = "ChatRequest", "ResponsesRequest", "MessagesRequest"
COUNT, COMPLETIONS = "CountTokensRequest", "CompletionsRequest"
INPUT_TOKENS = "InputTokensRequest"
_CONVERSATION: dict[str, object] = {
    "messages": {"type": "array", "minItems": 1, "items": {"type": "object"}},
    "system": _WORDS,
    "tools": _OBJECTS,
    "tool_choice": _OBJECT,
    "thinking": _OBJECT,
    "output_config": _OBJECT,
}
_RESPONSES: dict[str, object] = {
    "input": _WORDS,
    "instructions": {"type": "string"},
    "stream": _FLAG,
    "max_output_tokens": _COUNT,
    "tools": _OBJECTS,
    "tool_choice": {"type": ["string", "object"]},
    "parallel_tool_calls": _FLAG,
    "text": _OBJECT,
    "reasoning": _OBJECT,
    "metadata": _OBJECT,
    "include": {"type": "array", "items": {"type": "string"}},
    "truncation": {"enum": ["auto", "disabled"]},
    "store": _FLAG,
}
_ANSWERED: dict[str, dict[str, object]] = {
    CHAT: _answered(
        ["model", "messages"],
        messages={"type": "array", "minItems": 1, "items": {"type": "object"}},
        **_STREAM,
        max_completion_tokens=_COUNT,
        stop=_WORDS,
        seed={"type": "integer"},
        n={"type": "integer", "minimum": 1, "maximum": 8},
        tools=_OBJECTS,
        tool_choice={"type": ["string", "object"]},
        parallel_tool_calls=_FLAG,
        response_format=_OBJECT,
        reasoning_effort={"type": "string"},
    ),
    RESPONSES: _answered(["model", "input"], **_RESPONSES),
    INPUT_TOKENS: _answered(["input"], **_RESPONSES),  # as at OpenAI, without a model too
    MESSAGES: _answered(
        ["model", "messages", "max_tokens"],
        **_CONVERSATION,
        stream=_FLAG,
        max_tokens=_COUNT,
        stop_sequences={"type": "array", "maxItems": 4, "items": {"type": "string"}},
        metadata=_OBJECT,
    ),
    COUNT: _answered(["model", "messages"], **_CONVERSATION),
    COMPLETIONS: _answered(
        ["model", "prompt"],
        prompt={
            "oneOf": [
                {"type": "string"},
                {"type": "array", "maxItems": MAX_PROMPTS, "items": {"type": "string"}},
            ]
        },
        **_STREAM,
        max_tokens=_COUNT,
        stop=_WORDS,
        seed={"type": "integer"},
        n={"type": "integer", "minimum": 1, "maximum": 8},
        logprobs={"type": "integer", "minimum": 0, "maximum": 5},
    ),
}

ANALYSIS, BATCH = "AnalysisRequest", "BatchRequest"
EMBEDDING, MODERATION = "EmbeddingRequest", "ModerationRequest"
UPLOAD, BATCH_JOB = "FileUpload", "BatchJob"
FEEDBACK, VERDICT = "Feedback", "ReviewVerdict"
_TAGS = {"type": "array", "maxItems": MAX_TAGS, "items": {"type": "string"}}
_TEXTS = {"type": "array", "minItems": 1, "maxItems": MAX_TEXTS, "items": {"type": "string"}}
_BODIES: dict[str, dict[str, object]] = {
    **_ANSWERED,
    ANALYSIS: {
        "type": "object",
        "required": ["text"],
        "additionalProperties": False,
        "properties": {"text": {"type": "string", "minLength": 1}, "tags": _TAGS},
    },
    EMBEDDING: {
        "type": "object",
        "required": ["input", "model"],
        "properties": {
            "input": {
                "type": ["string", "array"],
                "minItems": 1,
                "maxItems": MAX_INPUTS,
                "items": {"type": "string"},
            },
            "model": {
                "type": "string",
                "description": f"{EMBEDDING_MODEL}, auto, or an alias that leads there.",
            },
            "encoding_format": {"enum": ["float", "base64"]},
            "dimensions": {"type": "integer", "minimum": 1},
            "user": {"type": "string"},
        },
    },
    MODERATION: {
        "type": "object",
        "required": ["input"],
        "properties": {
            "input": {
                "type": ["string", "array"],
                "minItems": 1,
                "maxItems": MAX_TEXTS,
                "items": {"type": ["string", "object"]},
            },
            "model": {
                "type": "string",
                "description": f"{MODERATION_MODEL}, auto, or an alias that leads there.",
            },
        },
    },
    UPLOAD: {
        "type": "object",
        "required": ["file", "purpose"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "purpose": {"const": "batch"},
            "expires_after[anchor]": {"const": "created_at"},
            "expires_after[seconds]": {"type": "integer", "minimum": 3600, "maximum": 2_592_000},
        },
    },
    BATCH_JOB: {
        "type": "object",
        "required": ["input_file_id", "endpoint", "completion_window"],
        "additionalProperties": False,
        "properties": {
            "input_file_id": {"type": "string"},
            "endpoint": {
                "anyOf": [
                    {"enum": list(ENDPOINTS)},
                    {"type": "string", "pattern": f"^{BY_DOMAIN.pattern}$"},
                ]
            },
            "completion_window": {"const": "24h"},
            "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
            "output_expires_after": {"type": "object"},
        },
    },
    FEEDBACK: {
        "type": "object",
        "required": ["decision_id"],
        "additionalProperties": False,
        "properties": {
            "decision_id": {"type": "string"},
            "correct": {"type": ["boolean", "null"]},
            "corrected": {"type": ["string", "null"], "maxLength": MAX_CORRECTED},
            "comment": {"type": ["string", "null"], "maxLength": MAX_COMMENT},
            "loss_usd": {"type": ["number", "null"], "minimum": 0},
            "outcome": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "resolved_first_contact": {"type": ["boolean", "null"]},
                    "csat": {
                        "type": ["number", "null"],
                        "minimum": CSAT_LOWEST,
                        "maximum": CSAT_HIGHEST,
                    },
                    "handle_minutes": {"type": ["number", "null"], "minimum": 0},
                },
            },
        },
    },
    VERDICT: {
        "type": "object",
        "required": ["verdict", "minutes"],
        "additionalProperties": False,
        "properties": {
            "verdict": {"enum": [verdict.value for verdict in ReviewVerdict]},
            "minutes": {"type": "number", "minimum": 0, "maximum": MAX_REVIEW_MINUTES},
            "reason": {"type": "string", "maxLength": MAX_REASON},
            "corrected": {"type": "string", "maxLength": MAX_CORRECTED},
            "new_class": {"type": "boolean"},
            "by": {"type": "string"},
        },
    },
    BATCH: {
        "type": "object",
        "required": ["texts"],
        "additionalProperties": False,
        "properties": {"texts": _TEXTS, "tags": _TAGS},
    },
}


def _nullable(body: dict[str, object]) -> dict[str, object]:
    """Returns the schema with null allowed where a key may be left out: both mean the same."""
    required, properties = body["required"], body["properties"]
    assert isinstance(required, list)
    assert isinstance(properties, dict)
    return {
        **body,
        "properties": {
            key: schema if key in required else {"anyOf": [schema, {"type": "null"}]}
            for key, schema in properties.items()
        },
    }


BODIES: dict[str, object] = {
    # Our own endpoints refuse null; those of OpenAI and Anthropic take it.
    name: body if name in (ANALYSIS, BATCH) else _nullable(body)
    for name, body in _BODIES.items()
}
"""Holds the schema of each body by its name."""
