"""`/docs` and `/openapi.json`: the surface described for people and for tools.

One table of operations feeds both. The page is self-contained: no script, no outside resource.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import escape

from router.api.idempotency import HEADER, MAX_KEY
from router.policy_base import EMBEDDING_MODEL, MODERATION_MODEL
from router.wire.analysis import MAX_TAGS, MAX_TEXTS
from router.wire.embeddings import MAX_INPUTS

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
"""The `routing` object; a test compares its keys with what the wire reads."""

CHAT_REQUEST = {
    "type": "object",
    "required": ["model", "messages"],
    "properties": {
        "model": {
            "type": "string",
            "description": "auto, auto:<policy>, tier:<name>, or an alias of the policy.",
        },
        "messages": {"type": "array", "minItems": 1, "items": {"type": "object"}},
        "stream": {"type": "boolean"},
        "stream_options": {
            "type": "object",
            "properties": {"include_usage": {"type": "boolean"}},
        },
        "temperature": {"type": "number", "minimum": 0, "maximum": 2},
        "max_completion_tokens": {"type": "integer", "minimum": 1},
        "stop": {"type": ["string", "array"]},
        "seed": {"type": "integer"},
        "n": {"type": "integer", "minimum": 1, "maximum": 8},
        "tools": {"type": "array", "items": {"type": "object"}},
        "response_format": {"type": "object"},
        "routing": {
            "type": "object",
            "description": "Hints to the router. All are optional; caution may be raised freely.",
            "additionalProperties": False,
            "properties": HINTS,
        },
    },
}


IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The same request under the same key gets the first answer and costs nothing; "
    "another request under it is refused (422).",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
}


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    summary: str
    detail: str
    key: bool
    body: str = "ChatRequest"  # of a post: the schema's name
    repeatable: bool = False  # under an Idempotency-Key


ANALYSIS, BATCH = "AnalysisRequest", "BatchRequest"
EMBEDDING, MODERATION = "EmbeddingRequest", "ModerationRequest"
_TAGS = {"type": "array", "maxItems": MAX_TAGS, "items": {"type": "string"}}
_TEXTS = {"type": "array", "minItems": 1, "maxItems": MAX_TEXTS, "items": {"type": "string"}}
BODIES: dict[str, object] = {
    "ChatRequest": CHAT_REQUEST,
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
    BATCH: {
        "type": "object",
        "required": ["texts"],
        "additionalProperties": False,
        "properties": {"texts": _TEXTS, "tags": _TAGS},
    },
}

OPERATIONS = (
    Operation(
        "post",
        "/v1/chat/completions",
        "Answer a conversation by the tier it deserves",
        "OpenAI's request and response, streamed or whole. Headers x-tiergate-* and the `routing` "
        "object (with routing.debug) say which tier answered, why, and what it cost.",
        True,
        repeatable=True,
    ),
    Operation(
        "post",
        "/v1/embeddings",
        "Turn texts into vectors",
        f"OpenAI's request and response by `{EMBEDDING_MODEL}`, the triage encoder on this "
        "machine; floats or base64, fewer `dimensions` on request. Of a long text its head and "
        "tail are read; `x-tiergate-cut` counts such texts. Token ids are refused.",
        True,
        EMBEDDING,
        repeatable=True,
    ),
    Operation(
        "post",
        "/v1/moderations",
        "What the safety heads find in texts",
        "OpenAI's request and response by the heads of the served policy that moderates, else of "
        "`content_moderation`. Categories that no head knows are false and 0, with an empty list "
        "of applied input types. Text only; each text has a ledger row.",
        True,
        MODERATION,
        repeatable=True,
    ),
    Operation("get", "/v1/models", "List the model names that work here", "", True),
    Operation("get", "/v1/models/{id}", "One model name", "", True),
    Operation(
        "get",
        "/v1/decisions/{id}",
        "Explain one decision",
        "Signals, expected loss of every rung, attempts with their cost, verdict. The id is in "
        "x-tiergate-decision-id. Own tenant only.",
        True,
    ),
    Operation(
        "post",
        "/api/v1/{domain}/{task}/analyze",
        "What a specialist finds in one text",
        "Body: text, and tags if wanted. Answer: fields with label, confidence and likeliest "
        "classes, and a verdict where the task is the whole one (email/pipeline, "
        "content/moderation); a field is a task, too (email/department). From heads alone: no "
        "tier is called. Each text has a ledger row; its id is the answer's.",
        True,
        ANALYSIS,
    ),
    Operation(
        "post",
        "/api/v1/{domain}/{task}/batch",
        "The same for several texts",
        f"Body: texts, 1 to {MAX_TEXTS}; all of them or none. Answer: data, in their order.",
        True,
        BATCH,
    ),
    Operation("get", "/healthz", "Is the process alive? Calls no model", "", False),
    Operation("get", "/readyz", "What is ready: triage, ledger, each answerer", "", False),
    Operation("get", "/metrics", "Counters for Prometheus", "", False),
)


def known_paths() -> tuple[str, ...]:
    """Every path that answers, as a pattern, in the order of this page."""
    return (*(operation.path for operation in OPERATIONS), "/docs", "/openapi.json")


@cache
def openapi() -> dict[str, object]:
    """The OpenAPI 3.1 document."""
    paths: dict[str, dict[str, object]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tiergate", "version": "0.1.0", "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR, **BODIES},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation) -> dict[str, object]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    described: dict[str, object] = {
        "summary": operation.summary,
        "description": operation.detail,
        "responses": {
            "200": {"description": "Done."},
            "default": {"description": "An error in OpenAI's shape.", "content": error},
        },
    }
    if operation.key:
        described["security"] = [{"key": []}]
    parameters: list[object] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    if operation.repeatable:
        parameters.append(IDEMPOTENCY_KEY)
    if parameters:
        described["parameters"] = parameters
    if operation.method == "post":
        schema = {"$ref": f"#/components/schemas/{operation.body}"}
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return described


def _marked(text: str) -> str:
    """Text as HTML, with what stands in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


@cache
def page() -> str:
    """The page at /docs."""
    rows = "".join(
        f"<section><h2><code>{o.method.upper()}</code> {escape(o.path)}</h2>"
        f"<p><strong>{escape(o.summary)}.</strong> {_marked(o.detail)}</p></section>"
        for o in OPERATIONS
    )
    hints = "".join(f"<li><code>routing.{escape(name)}</code></li>" for name in HINTS)
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        "<title>Tiergate API</title><style>"
        "body{font:16px/1.55 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;"
        "color:#1c2024;background:#fff}code{font:0.92em ui-monospace,monospace;background:#eef1f4;"
        "padding:.1em .35em;border-radius:4px}h1{font-size:1.7rem}h2{font-size:1.05rem;"
        "margin-bottom:.2rem}pre{background:#eef1f4;padding:1rem;border-radius:8px;overflow:auto}"
        "pre code{padding:0}@media(prefers-color-scheme:dark){body{color:#e6e9ec;"
        "background:#14171a}code,pre{background:#22272c}a{color:#8ab4ff}}</style>"
        "<h1>Tiergate API</h1><p>A drop-in for OpenAI's API: point <code>base_url</code> at "
        "<code>/v1</code> here. The machine-readable description is at "
        "<a href='/openapi.json'>/openapi.json</a>.</p>"
        "<pre><code>curl -s <span id='here'>http://127.0.0.1:8080</span>/v1/chat/completions \\\n"
        "  -H 'content-type: application/json' \\\n"
        '  -d \'{"model": "auto", "messages": [{"role": "user", '
        '"content": "How do I return a parcel?"}]}\'</code></pre>'
        f"{rows}<h2>Hints</h2><p>All optional, inside the body's <code>routing</code> object; "
        f"headers <code>x-tiergate-*</code> are their twins.</p><ul>{hints}</ul>"
        f"<h2>{HEADER}</h2><p>{escape(str(IDEMPOTENCY_KEY['description']))}</p>"
        "<script>document.getElementById('here').textContent=location.origin</script></html>"
    )
