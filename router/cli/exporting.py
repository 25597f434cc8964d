"""The ledger as CSV: one line per attempt, so that the column of costs sums to the bill."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

from router.analysis.render_csv import FORMULA_STARTS
from router.types import AttemptRow, CostBasis, RequestRow

COLUMNS = (
    "request_id", "created_at_ms", "tenant", "state", "policy", "requested_model", "tier",
    "tier_number", "verdict", "reason", "ordinal", "role", "answerer", "attempt_tier", "model",
    "attempt_state", "cost_nano_usd", "cost_basis", "estimated", "discarded", "input_tokens",
    "output_tokens", "latency_ms", "error_code", "cached_input_tokens", "cache_write_tokens",
    "reasoning_tokens", "images", "compute_ms", "cores", "price_version", "provider_cost_nano_usd",
)  # fmt: skip


def write_csv(rows: Iterable[RequestRow], file: TextIO) -> int:
    """Write a header and one line per attempt; returns how many. An unknown cost is empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        for attempt in row.attempts:
            writer.writerow([_safe(cell) for cell in _cells(row, attempt)])
            count += 1
    return count


def _cells(row: RequestRow, attempt: AttemptRow) -> tuple[object, ...]:
    unknown = attempt.cost_basis is CostBasis.UNKNOWN and attempt.cost_nano_usd == 0
    return (
        row.request_id,
        row.created_at_ms,
        row.tenant,
        row.state.value,
        f"{row.policy}@{row.policy_hash}",
        row.requested_model,
        row.tier,
        row.tier_number,
        row.verdict,
        row.reason,
        attempt.ordinal,
        attempt.role.value,
        attempt.answerer,
        attempt.tier,
        attempt.model,
        attempt.state.value,
        "" if unknown else attempt.cost_nano_usd,
        attempt.cost_basis.value,
        int(attempt.estimated),
        int(attempt.discarded),
        attempt.usage.input_tokens,
        attempt.usage.output_tokens,
        round(attempt.latency_ms, 3),
        attempt.error_code,
        attempt.usage.cached_input_tokens,
        attempt.usage.cache_write_tokens,
        attempt.usage.reasoning_tokens,
        attempt.images,
        round(attempt.compute_ms, 3),
        attempt.cores,
        attempt.price_version,
        "" if attempt.provider_cost_nano_usd is None else attempt.provider_cost_nano_usd,
    )


def _safe(cell: object) -> object:
    """A spreadsheet runs a text that starts like a formula; a leading quote keeps it text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
