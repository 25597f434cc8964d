"""Describes answers as JSON schemas for `/openapi.json`: the keys that clients rely on.

An answer may have further keys. OpenAPI sees a stream's events as text; docs/reference/api.md lists
them.
"""

from __future__ import annotations

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_TEXT_OR_NULL = {"type": ["string", "null"]}


def _object(**properties: object) -> dict[str, object]:
    """Returns the schema of an object that has all of these keys."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: object, **more: object) -> dict[str, object]:
    return {"type": "array", "items": items, **more}


_ANY = {"type": "object"}
_LISTED = _list(_ANY)
_OPENAI_USAGE = _object(prompt_tokens=_COUNT, completion_tokens=_COUNT, total_tokens=_COUNT)
_MODEL = _object(id=_TEXT, object={"const": "model"}, created=_COUNT, owned_by=_TEXT)
_FIELDS = {"id": _TEXT, "fields": {"type": "object"}}
_ENVELOPE = {"domain": _TEXT, "task": _TEXT, "policy": _TEXT, "model": _TEXT}

_DECISION = _object(
    decision_id=_TEXT,
    request_id=_TEXT,
    state=_TEXT,
    policy=_TEXT,
    tier=_TEXT,
    reason=_TEXT,
    cost_nano_usd=_COUNT,
    cost_usd=_TEXT,
    attempts=_list({"type": "object"}),
    record={"type": "object"},
)

_BATCH = _object(id=_TEXT, object={"const": "batch"}, status=_TEXT, request_counts=_ANY)

ANSWERS: dict[str, dict[str, object]] = {
    "/v1/chat/completions": _object(
        id=_TEXT,
        object={"const": "chat.completion"},
        created=_COUNT,
        model=_TEXT,
        choices=_list(
            _object(
                index=_COUNT,
                message=_object(
                    role={"const": "assistant"}, content=_TEXT_OR_NULL, refusal=_TEXT_OR_NULL
                ),
                finish_reason=_TEXT,
                logprobs={"type": ["object", "null"]},
            ),
            minItems=1,
        ),
        usage=_OPENAI_USAGE,
    ),
    "/v1/responses": _object(
        id=_TEXT,
        object={"const": "response"},
        created_at=_COUNT,
        status={"enum": ["completed", "incomplete", "failed"]},
        model=_TEXT,
        output=_list(_object(type=_TEXT)),
        parallel_tool_calls={"type": "boolean"},
        tools=_list({"type": "object"}),
        usage=_object(input_tokens=_COUNT, output_tokens=_COUNT, total_tokens=_COUNT),
    ),
    "/v1/responses/compact": _object(
        id=_TEXT,
        object={"const": "response.compaction"},
        created_at=_COUNT,
        output=_list(_object(type=_TEXT), minItems=1),
        usage=_object(input_tokens=_COUNT, output_tokens=_COUNT, total_tokens=_COUNT),
    ),
    "/v1/messages": _object(
        id=_TEXT,
        type={"const": "message"},
        role={"const": "assistant"},
        model=_TEXT,
        content=_list(_object(type=_TEXT)),
        stop_reason=_TEXT_OR_NULL,
        usage=_object(input_tokens=_COUNT, output_tokens=_COUNT),
    ),
    "/v1/messages/count_tokens": _object(input_tokens=_COUNT),
    "/v1/responses/input_tokens": _object(
        object={"const": "response.input_tokens"}, input_tokens=_COUNT
    ),
    "/v1/completions": _object(
        id=_TEXT,
        object={"const": "text_completion"},
        created=_COUNT,
        model=_TEXT,
        choices=_list(_object(index=_COUNT, text=_TEXT, finish_reason=_TEXT), minItems=1),
        usage=_OPENAI_USAGE,
    ),
    "/v1/embeddings": _object(
        object={"const": "list"},
        data=_list(
            _object(
                object={"const": "embedding"},
                index=_COUNT,
                embedding={"type": ["array", "string"], "items": {"type": "number"}},
            )
        ),
        model=_TEXT,
        usage=_object(prompt_tokens=_COUNT, total_tokens=_COUNT),
    ),
    "/v1/moderations": _object(
        id=_TEXT,
        model=_TEXT,
        results=_list(
            _object(
                flagged={"type": "boolean"},
                categories={"type": "object", "additionalProperties": {"type": "boolean"}},
                category_scores={"type": "object", "additionalProperties": {"type": "number"}},
            ),
            minItems=1,
        ),
    ),
    "/v1/files": _object(object={"enum": ["file", "list"]}),
    "/v1/files/{id}": _object(id=_TEXT, object={"const": "file"}),
    "/v1/batches": _object(object={"enum": ["batch", "list"]}),
    "/v1/batches/{id}": _BATCH,
    "/v1/batches/{id}/cancel": _BATCH,
    "/v1/models": _object(object={"const": "list"}, data=_list(_MODEL)),
    "/v1/models/{id}": _MODEL,
    "/v1/decisions/{id}": _DECISION,
    "/api/v1/dashboard/decisions/{id}": _DECISION,
    "/v1/feedback": _object(decision_id=_TEXT),
    "/v1/reviews": _object(object={"const": "list"}, data=_list(_object(review_id=_TEXT))),
    "/v1/reviews/{id}": _object(review_id=_TEXT, status=_TEXT),
    "/api/v1/dashboard/now": _object(
        minutes=_LISTED, hour=_ANY, tiers=_LISTED, budgets=_LISTED, alerts=_LISTED
    ),
    "/api/v1/dashboard/decisions": _object(choices=_ANY),
    "/api/v1/dashboard/savings": _object(complete={"type": "boolean"}, report=_ANY),
    "/api/v1/dashboard/confidence": _object(requests=_COUNT, tiers=_LISTED, reliability=_ANY),
    "/api/v1/dashboard/health": _object(ready={"type": "boolean"}, answerers=_LISTED),
    "/api/v1/rollouts": _object(object={"const": "list"}, data=_LISTED),
    "/api/v1/rollouts/{policy}": _object(policy=_TEXT, state=_TEXT, metrics=_LISTED),
    "/api/v1/dashboard/learning": _object(queue=_ANY),
    "/api/v1/dashboard/drift": _object(policies=_LISTED),
    "/api/v1/{domain}/{task}/analyze": _object(
        object={"const": "analysis"}, **_ENVELOPE, **_FIELDS
    ),
    "/api/v1/{domain}/{task}/batch": _object(
        object={"const": "list"}, **_ENVELOPE, data=_list(_object(index=_COUNT, **_FIELDS))
    ),
    "/healthz": _object(status={"const": "ok"}),
    "/readyz": _object(status={"enum": ["ready", "not_ready"]}),  # the other keys are for admins
}
"""Gives for each path the least keys of a whole answer with status 200 (of /readyz also 503)."""

STREAMED = frozenset({"/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/completions"})
TEXT_PAGES = frozenset({"/metrics", "/v1/files/{id}/content"})
