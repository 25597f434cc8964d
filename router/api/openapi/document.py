"""Describes the API for tools: the document at `/openapi.json`.

One table of operations feeds it and the page for people at `/docs`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from router.api.batches.lines import ENDPOINTS
from router.api.http.idempotency import HEADER, MAX_KEY
from router.api.openapi.answer_schemas import ANSWERS, STREAMED, TEXT_PAGES
from router.api.openapi.schemas import (
    ANALYSIS,
    ANTHROPIC_ERROR,
    BATCH,
    BATCH_JOB,
    BODIES,
    CHAT,
    COMPLETIONS,
    COUNT,
    EMBEDDING,
    ERROR,
    FEEDBACK,
    INPUT_TOKENS,
    MESSAGES,
    MODERATION,
    RESPONSES,
    UPLOAD,
    VERDICT,
)
from router.api.release import own_version
from router.types import EMBEDDING_MODEL
from router.wire.analysis import MAX_TEXTS
from router.wire.openai.completions import MAX_PROMPTS

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
    """Describes one method of one path."""

    method: str
    path: str
    summary: str
    detail: str
    key: bool
    body: str = ""  # the schema's name, for a post
    error: str = "Error"
    form: bool = False  # takes a form instead of JSON
    repeatable: bool = False  # may be repeated under an Idempotency-Key


OPERATIONS = (
    Operation(
        "post",
        "/v1/chat/completions",
        "Answer a conversation by the tier it deserves",
        "OpenAI's request and response, streamed or whole. Headers x-tiergate-* and the `routing` "
        "object (with routing.debug) show the tier that answered, the reason and the cost.",
        True,
        CHAT,
        repeatable=True,
    ),
    Operation(
        "post",
        "/v1/responses",
        "Answer a request in the form of OpenAI's responses",
        "String or items in, items or events out; tools, schemas, reasoning. Nothing is stored: "
        "previous_response_id, conversation and background are refused. Built-in tools are left "
        "out, and x-tiergate-unsupported-tools lists them.",
        True,
        RESPONSES,
        repeatable=True,
    ),
    Operation(
        "post",
        "/v1/responses/compact",
        "Shorten a long conversation, for agents",
        "Takes the body of responses. Returns the user's messages and one item that replaces the "
        "rest in later turns. A last item of type compaction_trigger at /v1/responses does the "
        "same. A tier writes the summary, and it costs what an answer costs.",
        True,
        RESPONSES,
        repeatable=True,
    ),
    Operation(
        "post",
        "/v1/responses/input_tokens",
        "Estimate the tokens of the body of responses",
        "The count of the provider that would answer, an estimate, or a bound "
        "(`x-tiergate-token-count`); calls no tier and costs nothing.",
        True,
        INPUT_TOKENS,
    ),
    Operation(
        "post",
        "/v1/messages",
        "Answer a request in the form of Anthropic's messages",
        "For Anthropic's clients, whose key may come as `x-api-key`. Content blocks, tools, "
        "thinking and errors are theirs; tools that run at Anthropic are left out, "
        "or refused where the policy says so.",
        True,
        MESSAGES,
        "AnthropicError",
        repeatable=True,
    ),
    Operation(
        "post",
        "/v1/messages/count_tokens",
        "Estimate the tokens of a conversation",
        "The count of the provider that would answer, or a bound that is never too low "
        "(`x-tiergate-token-count`); calls no tier and costs nothing.",
        True,
        COUNT,
        "AnthropicError",
    ),
    Operation(
        "post",
        "/v1/completions",
        "Answer a bare prompt, as in OpenAI's first API",
        f"A prompt, or up to {MAX_PROMPTS}: each is a request and a ledger row of its own. "
        "echo, suffix, best_of and token ids are refused.",
        True,
        COMPLETIONS,
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
        "Find unsafe content in texts",
        "OpenAI's request and response by the heads of the served policy that moderates, or of "
        "`content_moderation`. Categories that no head knows are false and 0, with an empty list "
        "of applied input types. Text only; each text has a ledger row.",
        True,
        MODERATION,
        repeatable=True,
    ),
    Operation(
        "post",
        "/v1/files",
        "Upload a file of requests for a batch",
        "OpenAI's form: `file`, `purpose` (batch), `expires_after[seconds]`. JSON lines: "
        "custom_id, method, url, body. The file belongs to the key; its size and the bytes of all "
        "files of a key are bounded by `batches` of the policy.",
        True,
        UPLOAD,
        form=True,
    ),
    Operation(
        "get",
        "/v1/files",
        "List this key's files",
        "`purpose` (batch, batch_output), `limit`, `after` and `order` (desc, asc).",
        True,
    ),
    Operation("get", "/v1/files/{id}", "Describe one file", "", True),
    Operation("get", "/v1/files/{id}/content", "Read one file", "Bytes as they are kept.", True),
    Operation("delete", "/v1/files/{id}", "Delete one file", "", True),
    Operation(
        "post",
        "/v1/batches",
        "Start a batch over an uploaded file",
        f"OpenAI's request and response, for {', '.join(ENDPOINTS)}. It runs at half priority, "
        "goes on after a restart, and every line is a request of its own: rates, budgets, a "
        "ledger row with the tag `batch:ID`.",
        True,
        BATCH_JOB,
    ),
    Operation("get", "/v1/batches", "List this key's batches", "`limit` and `after`.", True),
    Operation("get", "/v1/batches/{id}", "Describe one batch, with its counts", "", True),
    Operation(
        "post",
        "/v1/batches/{id}/cancel",
        "End a batch; what is answered is kept",
        "Requests under way are answered; then it is cancelled and has its files.",
        True,
    ),
    Operation(
        "get",
        "/v1/models",
        "List the model names that work here",
        "With `anthropic-version` in Anthropic's form, by `limit`, `after_id` and `before_id`.",
        True,
    ),
    Operation("get", "/v1/models/{id}", "Describe one model name", "", True),
    Operation(
        "get",
        "/v1/decisions/{id}",
        "Explain one decision",
        "Signals, expected loss of every rung, attempts with their cost, verdict. The id is in "
        "x-tiergate-decision-id. Includes the feedback on it, and the reviewed answer once a "
        "person has judged. Own tenant only.",
        True,
    ),
    Operation(
        "post",
        "/v1/feedback",
        "Report how an answer did",
        "correct, the corrected answer, a comment that says why, what a mistake cost, and the "
        "outcome: resolved at first contact, satisfaction from 1 to 5, minutes of handling. Later "
        "feedback replaces earlier feedback; the same again changes nothing but the comment, "
        "which a new one replaces. Own tenant only.",
        True,
        FEEDBACK,
    ),
    Operation(
        "get",
        "/v1/reviews",
        "List the reviews that wait for a person",
        "Of those that wait emergencies first, then grave matters, then the rest; in each the "
        "oldest first. `status` (pending, decided, done, all) and `limit` filter. Keys with the "
        "scope `review` see their tenant's, an admin's key all.",
        True,
    ),
    Operation(
        "get",
        "/v1/reviews/{id}",
        "Show one review with question, draft and verdict",
        "Texts are present while `privacy.waiting` or `privacy.store` of the policy keeps them.",
        True,
    ),
    Operation(
        "post",
        "/v1/reviews/{id}",
        "Decide one review",
        "approve, correct (with the right answer) or reject, and the minutes that it took: they "
        "are priced and have a ledger row. The verdict is feedback on the decision.",
        True,
        VERDICT,
    ),
    Operation(
        "post",
        "/api/v1/{domain}/{task}/analyze",
        "Analyse one text by domain",
        "Body: text, and tags if wanted. Answer: fields with label, confidence and likeliest "
        "classes, and a verdict where the task is the whole one (email/pipeline, "
        "content/moderation); a field is a task, too (email/department). Only heads answer: no "
        "tier is called. Each text has a ledger row; its id is the answer's. A policy's "
        "`endpoints` are described by paths of their own where one is served.",
        True,
        ANALYSIS,
        repeatable=True,
    ),
    Operation(
        "post",
        "/api/v1/{domain}/{task}/batch",
        "Analyse several texts by domain",
        f"Body: texts, 1 to {MAX_TEXTS}; all of them or none. Answer: data, in their order.",
        True,
        BATCH,
        repeatable=True,
    ),
    Operation(
        "get",
        "/api/v1/dashboard/now",
        "The last hour by minute and tier, budgets, alerts",
        "The figures of the page at /dashboard. Needs the scope reports: one's own tenant, for an "
        "admin all or the one in `tenant`. Like all views it has an ETag.",
        True,
    ),
    Operation(
        "get",
        "/api/v1/dashboard/decisions",
        "Decisions, newest first",
        "`tier`, `domain`, `reason`, `verdict`, `state`, `search`, `min_cost_usd`, `tenant`, "
        "`limit` (100 at most); `next` goes on as `before`. A search reads 10,000 rows at a time.",
        True,
    ),
    Operation(
        "get",
        "/api/v1/dashboard/decisions/{id}",
        "The same as /v1/decisions/{id}, for the scope reports",
        "",
        True,
    ),
    Operation(
        "get",
        "/api/v1/dashboard/savings",
        "The report's figures over the newest requests",
        "`days`: 1, 7 or 30; 10,000 requests at most, `complete` is true when these are all.",
        True,
    ),
    Operation(
        "get",
        "/api/v1/dashboard/confidence",
        "Confidence of answers, and how often they were right",
        "`days`: 1, 7 or 30. Twenty bins per tier; reliability where outcomes are known.",
        True,
    ),
    Operation(
        "get",
        "/api/v1/dashboard/health",
        "State of every part, and results of each answerer's recent calls",
        "",
        True,
    ),
    Operation(
        "get",
        "/api/v1/rollouts",
        "Where each policy's rollout stands",
        "Stage, share, requests of both sides, and each guard's metric with bounds. Needs the "
        "scope admin.",
        True,
    ),
    Operation(
        "get",
        "/api/v1/rollouts/{policy}",
        "One rollout with both sides by domain, level and tenant",
        "`arms` and `strata` of the present stage.",
        True,
    ),
    Operation(
        "get",
        "/api/v1/dashboard/learning",
        "Queue of reviews, datasets, models, rollouts, runs of learners",
        "One tenant's key sees its queue; the rest is of all tenants, for an admin.",
        True,
    ),
    Operation(
        "get",
        "/api/v1/dashboard/drift",
        "Alarms of each policy, and the values of the last look",
        "What `tiergate alerts run` found beside the server.",
        True,
    ),
    Operation("get", "/healthz", "Report that the process is alive; calls no model", "", False),
    Operation(
        "get",
        "/readyz",
        "Report if the server is ready; calls no model",
        "Triage, ledger, each answerer and mistakes in a changed policy for the scope `admin`.",
        False,
    ),
    Operation("get", "/metrics", "Counters for Prometheus", "", False),
)


def known_paths() -> tuple[str, ...]:
    """Returns every path that answers, once, as a pattern, in the order of this page."""
    # A path with two methods is listed once.
    described = dict.fromkeys(operation.path for operation in OPERATIONS)
    return (*described, "/dashboard", "/docs", "/openapi.json")


@cache
def openapi() -> dict[str, object]:
    """Returns the OpenAPI 3.1 document."""
    paths: dict[str, dict[str, object]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tiergate", "version": own_version(), "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR, "AnthropicError": ANTHROPIC_ERROR, **BODIES},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


_NOT_READY = {
    "description": "Not ready, or failing.",
    "content": {"application/json": {"schema": ANSWERS["/readyz"]}},
}


def _answer(path: str) -> dict[str, object]:
    """Returns the answers of a path, by content type."""
    if path in TEXT_PAGES:
        kind = "application/octet-stream" if path.endswith("/content") else "text/plain"
        return {kind: {"schema": {"type": "string"}}}
    content: dict[str, object] = {"application/json": {"schema": ANSWERS[path]}}
    if path in STREAMED:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    return content


def _operation(operation: Operation) -> dict[str, object]:
    error = {"application/json": {"schema": {"$ref": f"#/components/schemas/{operation.error}"}}}
    described: dict[str, object] = {
        "summary": operation.summary,
        "description": operation.detail,
        "responses": {
            "200": {"description": "Done.", "content": _answer(operation.path)},
            **({"503": _NOT_READY} if operation.path == "/readyz" else {}),
            "default": {
                "description": "An error in the form of the API that the path belongs to.",
                "content": error,
            },
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
    if operation.body:
        kind = "multipart/form-data" if operation.form else "application/json"
        schema = {"$ref": f"#/components/schemas/{operation.body}"}
        described["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": schema}},
        }
    return described
