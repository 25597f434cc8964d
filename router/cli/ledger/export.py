"""Writes the ledger to a file: one line per attempt, so that the column of costs sums to the bill.

CSV and Parquet have the same columns. JSON Lines has a request with its attempts on each line, as
`tiergate ledger rows --json` prints it. Rows are written as they are read, in bounded memory.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, TextIO

from router.analysis.report.output.row_json import ending_text, rows_json
from router.cli.ledger.parquet_files import write_parquet
from router.cli.options import FileFormat
from router.ledger.row_reading import refusal_of, row_names
from router.rendering.tidy_csv import FORMULA_STARTS
from router.types import AttemptRow, CostBasis, RequestRow

COLUMNS = (
    "request_id", "created_at_ms", "tenant", "state", "policy", "requested_model", "tier",
    "tier_number", "verdict", "reason", "ordinal", "role", "answerer", "attempt_tier", "model",
    "attempt_state", "cost_nano_usd", "cost_basis", "estimated", "discarded", "input_tokens",
    "output_tokens", "latency_ms", "error_code", "cached_input_tokens", "cache_write_tokens",
    "reasoning_tokens", "images", "compute_ms", "cores", "price_version", "provider_cost_nano_usd",
    "ending", "request_error_code", "short_nano_usd", "key_id", "key_name", "tags", "domain",
    "request_type", "endpoint",
)  # fmt: skip

_KINDS = {"estimated": "bool", "discarded": "bool", "latency_ms": "double", "compute_ms": "double"}
_WHOLE = ("tier_number", "ordinal", "images", "cores")


def write_file(
    rows: Iterable[RequestRow], path: Path, form: FileFormat, key_names: Mapping[str, str]
) -> int:
    """Writes the rows to a file, `-` for standard output; returns the number of lines."""
    if form is FileFormat.PARQUET:
        lines = (cells for row in rows for cells in _lines(row, key_names))
        return write_parquet(lines, [(name, _kind(name)) for name in COLUMNS], path)
    if str(path) == "-":
        return _write(rows, sys.stdout, form, key_names)
    with path.open("w", encoding="utf-8", newline="") as file:
        return _write(rows, file, form, key_names)


def _write(
    rows: Iterable[RequestRow], file: TextIO, form: FileFormat, key_names: Mapping[str, str]
) -> int:
    if form is FileFormat.CSV:
        return write_csv(rows, file, key_names)
    return _write_json_lines(rows, file, key_names)


def _write_json_lines(
    rows: Iterable[RequestRow], file: IO[str], key_names: Mapping[str, str]
) -> int:
    count = 0
    for row in rows:
        file.write(rows_json(row, key_names).decode() + "\n")
        count += 1
    return count


def _kind(name: str) -> str:
    """Returns the type of a column in Parquet."""
    whole = name in _WHOLE or name.endswith(("_ms", "_nano_usd", "_tokens"))
    return _KINDS.get(name, "int64" if whole else "text")


def write_csv(rows: Iterable[RequestRow], file: TextIO, key_names: Mapping[str, str]) -> int:
    """Writes a header and one line per attempt; returns their number. An unknown cost is empty.

    A request without any call has a line of its own, so no refused or failed request is missing.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        for cells in _lines(row, key_names):
            writer.writerow([_safe(cell) for cell in _flat(cells)])
            count += 1
    return count


def _lines(row: RequestRow, key_names: Mapping[str, str]) -> Iterator[tuple[object, ...]]:
    """Yields the cells of each attempt, between the cells of its request."""
    request, payer = _request(row), _payer(row, key_names)
    for attempt in row.attempts:
        yield (*request, *_attempt(attempt), *payer)
    # A refused request made no call, but a reader of the file must find it.
    if not row.attempts:
        yield (*request, *NO_ATTEMPT, *payer)


def _request(row: RequestRow) -> tuple[object, ...]:
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
    )


def _attempt(attempt: AttemptRow) -> tuple[object, ...]:
    # An unknown price with a booked hold still costs that hold.
    unknown = attempt.cost_basis is CostBasis.UNKNOWN and attempt.cost_nano_usd == 0
    return (
        attempt.ordinal,
        attempt.role.value,
        attempt.answerer,
        attempt.tier,
        attempt.model,
        attempt.state.value,
        None if unknown else attempt.cost_nano_usd,
        attempt.cost_basis.value,
        attempt.estimated,
        attempt.discarded,
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
        attempt.provider_cost_nano_usd,
    )


NO_ATTEMPT: tuple[object, ...] = (None,) * 22
"""Fills the cells of the attempt for a request that made none."""


def _payer(row: RequestRow, key_names: Mapping[str, str]) -> tuple[object, ...]:
    """Returns the ending of the request, and the names it may be charged to."""
    domain, request_type = row_names(row)
    refusal = refusal_of(row)
    return (
        ending_text(row),
        row.error_code,
        None if refusal is None else refusal.short_nano_usd,
        row.key_id,
        key_names.get(row.key_id, ""),
        ", ".join(row.tags),
        domain,
        request_type,
        row.endpoint,
    )


def _flat(cells: tuple[object, ...]) -> Iterator[object]:
    """Yields cells as CSV needs them: unknown is empty, a flag is 0 or 1."""
    for cell in cells:
        yield "" if cell is None else int(cell) if isinstance(cell, bool) else cell


def _safe(cell: object) -> object:
    """Quotes a text that starts like a formula: a spreadsheet would run it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
