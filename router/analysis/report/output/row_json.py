"""Renders one ledger row as a line of JSON, for `tiergate ledger rows --json`.

Keys are stable.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from router.ledger.record_reading import note_in, source_of
from router.ledger.replies import reply_of
from router.ledger.row_reading import (
    AFTERWARDS,
    attempt_cost_known,
    call_price_unknown,
    ending_of,
    price_unknown,
    provider_difference,
    refusal_of,
    row_names,
)
from router.types import AttemptRow, RequestRow, RequestState, Usage

REPLIED = "replied"
"""Is the ending of a request with a reply; `reply` says whether that was an answer."""


def ending_text(row: RequestRow) -> str:
    """Names how the request ended: replied, refused, failed, cancelled; open while it runs.

    A request that a limit refused is `failed` in the books, where nothing is ever renamed.
    """
    if row.state is RequestState.OPEN:
        return RequestState.OPEN.value
    ending = ending_of(row)
    booked_later = row.endpoint in AFTERWARDS
    return "booked_afterwards" if booked_later else REPLIED if ending is None else ending.value


def reply_text(row: RequestRow) -> str | None:
    """Names what the client got, as the report counts it; None without a reply."""
    return reply_of(row).value if ending_text(row) == REPLIED else None


def rows_json(row: RequestRow, key_names: Mapping[str, str] | None = None) -> bytes:
    """Returns the row as one JSON object without a line break, UTF-8. `key_names` are by key id.

    `cost_nano_usd` is null where a price is unknown, in the row as in its attempts. A call with an
    unknown outcome counts at its hold, so its cost is that number and its state `unknown_cost`.
    """
    (domain, request_type), note = row_names(row), note_in(row)
    return orjson.dumps(
        {
            "request_id": row.request_id,
            "state": row.state.value,
            "tenant": row.tenant,
            "key_id": row.key_id,
            "key_name": (key_names or {}).get(row.key_id) or None,
            "ending": ending_text(row),
            "reply": reply_text(row),
            "created_at": row.created_at_ms,
            "finished_at": row.finished_at_ms,
            "policy": row.policy,
            "policy_hash": row.policy_hash,
            "mode": row.mode,
            "endpoint": row.endpoint,
            "stream": row.stream,
            "requested_model": row.requested_model,
            "tier": row.tier,
            "tier_number": row.tier_number,
            "answerer": row.answerer,
            "model": row.model,
            "verdict": row.verdict,
            "reason": row.reason,
            "reasons": list(row.reasons),
            "confidence": row.confidence,
            "confidence_source": source_of(row) or None,
            "escalations": row.escalations,
            "opened": note.opened,
            "shortfall": note.shortfall or None,
            "domain": domain,
            "request_type": request_type,
            "cost_nano_usd": None if price_unknown(row) else row.cost_nano_usd,
            "baselines": {
                "requested_model": row.baselines.requested_model,
                "all_level_2": row.baselines.all_level_2,
                "all_level_3": row.baselines.all_level_3,
                "people": row.baselines.people,
            },
            "usage": _usage(row.usage),
            "latency_ms": row.latency_ms,
            "first_token_ms": row.first_token_ms,
            "triage_ms": row.triage_ms,
            "prompt_digest": row.prompt_digest,
            "answer_digest": row.answer_digest,
            "session_digest": row.session_digest,
            "tags": list(row.tags),
            "review_id": row.review_id or None,
            "error_code": row.error_code or None,
            "refusal": _refusal(row),
            "attempts": [_attempt(attempt) for attempt in row.attempts],
        }
    )


def _refusal(row: RequestRow) -> dict[str, object] | None:
    """Names the limit of money that refused the request, and the missing amount."""
    refusal = refusal_of(row)
    if refusal is None:
        return None
    return {
        "limit": refusal.limit,
        "needed_nano_usd": refusal.needed_nano_usd,
        "left_nano_usd": refusal.left_nano_usd,
        "short_nano_usd": refusal.short_nano_usd,
    }


def _attempt(attempt: AttemptRow) -> dict[str, object]:
    return {
        "attempt_id": attempt.attempt_id,
        "ordinal": attempt.ordinal,
        "role": attempt.role.value,
        "answerer": attempt.answerer,
        "tier": attempt.tier,
        "tier_number": attempt.level,
        "model": attempt.model,
        "adapter": attempt.adapter or None,
        "state": attempt.state.value,
        "cost_nano_usd": None if call_price_unknown(attempt) else attempt.cost_nano_usd,
        "cost_known": attempt_cost_known(attempt),
        "cost_basis": attempt.cost_basis.value,
        "held_nano_usd": attempt.held_nano_usd,
        "provider_cost_nano_usd": attempt.provider_cost_nano_usd,
        "provider_difference_nano_usd": provider_difference(attempt),
        "upstream_id": attempt.upstream_id or None,
        "price_version": attempt.price_version,
        "usage": {
            **_usage(attempt.usage),
            "audio_input_tokens": attempt.usage.audio_input_tokens,
            "hour_write_tokens": attempt.usage.hour_write_tokens,
        },
        "estimated": attempt.estimated,
        "discarded": attempt.discarded,
        "started_at": attempt.started_at_ms,
        "latency_ms": attempt.latency_ms,
        "images": attempt.images,
        "compute_ms": attempt.compute_ms,
        "cores": attempt.cores or None,
        "finish_reason": attempt.finish_reason or None,
        "error_code": attempt.error_code or None,
        "p": attempt.p,
        "reason": attempt.reason or None,
    }


def _usage(usage: Usage) -> dict[str, object]:
    return {
        "input_tokens": usage.input_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "reported": usage.reported,
    }
