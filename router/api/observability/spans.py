"""Describes the spans of one request: itself and its calls, by OpenTelemetry's GenAI conventions.

Pure: a row becomes values. `otel` exports them. No text of a client or of an answer is in a row, so
none is in a span.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from router.ledger.record_reading import source_of
from router.ledger.row_reading import AFTERWARDS
from router.types import (
    NANO_PER_USD,
    AttemptRow,
    AttemptState,
    HeadReading,
    RequestRow,
    Role,
    span_id,
)

Value = str | bool | int | float | tuple[str, ...]

OPERATIONS = {
    "chat.completions": "chat",
    "messages": "chat",
    "responses": "chat",
    "completions": "text_completion",
    "embeddings": "embeddings",
}
NO_CALLS = (Role.TRIAGE, Role.CACHE, Role.REVIEW, Role.RECONCILE)


class Span(Struct, frozen=True):
    """Holds one span; times are in milliseconds since the epoch."""

    name: str
    span_id: str
    server: bool  # the request itself; otherwise a call that it made
    started_ms: float
    ended_ms: float
    attributes: dict[str, Value]
    error: str = ""


class _Signals(Struct):
    triage_version: str = ""
    novelty: float = 0.0
    difficulty: float = 0.0
    heads: tuple[HeadReading, ...] = ()


class _Decision(Struct):
    stakes_nano_usd: int = 0
    floor: int = 0
    ceiling: int = 0
    floor_reasons: tuple[str, ...] = ()
    ceiling_reasons: tuple[str, ...] = ()
    mode: str = ""


class _Record(Struct):
    signals: _Signals = msgspec.field(default_factory=_Signals)
    decision: _Decision | None = None


_RECORD = msgspec.json.Decoder(_Record)


def operation_of(row: RequestRow) -> str:
    """Returns GenAI's name of what was asked for; others keep our name of the endpoint."""
    return OPERATIONS.get(row.endpoint, row.endpoint)


def spans_of(row: RequestRow) -> list[Span]:
    """Returns the request's span, then those of its calls. Rows that book money have none."""
    if row.endpoint in AFTERWARDS:
        return []
    request = Span(
        f"{operation_of(row)} {row.requested_model}".strip(),
        span_id(row.request_id),
        True,
        row.created_at_ms,
        max(row.created_at_ms + row.latency_ms, row.finished_at_ms),
        _filled({**_asked(row), **_decided(row)}),
        row.error_code,
    )
    return [request, *(_call(row, one) for one in row.attempts if is_call(one))]


def is_call(attempt: AttemptRow) -> bool:
    """Returns True for an answerer that was asked; a released attempt was never sent."""
    return attempt.role not in NO_CALLS and attempt.state is not AttemptState.RELEASED


def _asked(row: RequestRow) -> dict[str, Value]:
    return {
        "gen_ai.operation.name": operation_of(row),
        "gen_ai.provider.name": "tiergate",
        "gen_ai.request.model": row.requested_model,
        "gen_ai.response.model": row.model,
        "gen_ai.response.id": row.request_id,
        "gen_ai.conversation.id": row.session_digest,
        "gen_ai.usage.input_tokens": row.usage.input_tokens,
        "gen_ai.usage.output_tokens": row.usage.output_tokens,
        "error.type": row.error_code,
        "tiergate.request.id": row.request_id,
        "tiergate.tenant": row.tenant,
        "tiergate.tags": row.tags,
        "tiergate.triage_ms": row.triage_ms,
        "tiergate.cost_usd": row.cost_nano_usd / NANO_PER_USD,
    }


def _decided(row: RequestRow) -> dict[str, Value]:
    """Returns why this answerer answered, and the versions of what decided it."""
    try:
        record = _RECORD.decode(row.record)
    except (msgspec.DecodeError, UnicodeError):
        record = _Record()
    signals, decision = record.signals, record.decision
    attributes: dict[str, Value] = {
        "tiergate.policy.name": row.policy,
        "tiergate.policy.version": row.policy_hash,
        "tiergate.triage.version": signals.triage_version,
        "tiergate.triage.heads": tuple(head.name for head in signals.heads),
        "tiergate.domain": row.domain,
        "tiergate.request.type": row.request_type,
        "tiergate.novelty": signals.novelty,
        "tiergate.difficulty": signals.difficulty,
        "tiergate.tier": row.tier,
        "tiergate.level": row.tier_number,
        "tiergate.answerer": row.answerer,
        "tiergate.verdict": row.verdict,
        "tiergate.reason": row.reason,
        "tiergate.reasons": row.reasons,
        "tiergate.confidence": row.confidence,
        "tiergate.confidence.source": source_of(row),
        "tiergate.escalations": row.escalations,
    }
    if decision is not None:
        attributes |= {
            "tiergate.stakes_usd": decision.stakes_nano_usd / NANO_PER_USD,
            "tiergate.mode": decision.mode,
            "tiergate.level.floor": decision.floor,
            "tiergate.level.floor_reasons": decision.floor_reasons,
            "tiergate.level.ceiling": decision.ceiling,
            "tiergate.level.ceiling_reasons": decision.ceiling_reasons,
        }
    return attributes


def _call(row: RequestRow, attempt: AttemptRow) -> Span:
    operation = operation_of(row) if attempt.role is Role.ANSWER else attempt.role.value
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": operation_of(row),
        "gen_ai.provider.name": attempt.answerer,
        "gen_ai.request.model": attempt.model,
        "gen_ai.response.model": attempt.model,
        "gen_ai.response.id": attempt.upstream_id,
        "gen_ai.response.finish_reasons": tuple(filter(None, [attempt.finish_reason])),
        "gen_ai.usage.input_tokens": attempt.usage.input_tokens,
        "gen_ai.usage.output_tokens": attempt.usage.output_tokens,
        "error.type": attempt.error_code,
        "tiergate.answerer": attempt.answerer,
        "tiergate.tier": attempt.tier,
        "tiergate.level": attempt.level,
        "tiergate.role": attempt.role.value,
        "tiergate.state": attempt.state.value,
        "tiergate.reason": attempt.reason,
        "tiergate.adapter": attempt.adapter,
        "tiergate.discarded": attempt.discarded,
        "tiergate.cost_usd": attempt.cost_nano_usd / NANO_PER_USD,
        "tiergate.price.version": attempt.price_version,
    }
    if attempt.p is not None:
        attributes["tiergate.confidence"] = attempt.p
    return Span(
        f"{operation} {attempt.model}".strip(),
        span_id(attempt.attempt_id),
        False,
        attempt.started_at_ms,
        attempt.started_at_ms + attempt.latency_ms,
        _filled(attributes),
        attempt.error_code,
    )


def _filled(attributes: dict[str, Value]) -> dict[str, Value]:
    """Returns the attributes that say something; a zero does."""
    return {name: value for name, value in attributes.items() if value not in ("", ())}
