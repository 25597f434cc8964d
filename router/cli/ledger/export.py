"""Writes the ledger to a file: one line per attempt, so that the column of costs sums to the bill.

CSV and Parquet have the same columns. JSON Lines has a request with its attempts on each line, as
`tiergate ledger rows --json` prints it. Rows are written as they are read, in bounded memory.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TextIO

from msgspec import Struct

from router.analysis.report.output.row_json import ending_text, rows_json
from router.cli.ledger.parquet_files import write_parquet
from router.cli.options import FileFormat
from router.cli.terminal import inert_json
from router.files.writing import replacing
from router.ledger.columns import ATTEMPT_COLUMNS, REQUEST_COLUMNS, Column, Kind
from router.ledger.record_reading import note_in
from router.ledger.row_reading import call_price_unknown, refusal_of, row_names
from router.ledger.row_values import writer
from router.rendering.tidy_csv import CONTROL, FORMULA_STARTS
from router.types import AttemptRow, RequestRow

_TYPES = {Kind.WHOLE: "int64", Kind.SMALL: "int64", Kind.FLAG: "bool", Kind.REAL: "double"}
"""Types of the ledger's columns in Parquet; all others are text."""
_DIGITS = 3
"""Digits after the point of a real number in the file."""


class _Stored:
    """Takes cells of the file from a row's columns in the ledger.

    `renamed` are the ledger's names of columns that have another name in the file.
    """

    def __init__(
        self, columns: Sequence[Column], names: Sequence[str], renamed: Mapping[str, str]
    ) -> None:
        by_name = {column.name: column for column in columns}
        chosen = [by_name[renamed.get(name, name)] for name in names]
        kinds = [_TYPES.get(column.kind, "text") for column in chosen]
        self.types = tuple(zip(names, kinds, strict=True))
        self.positions = {name: i for i, name in enumerate(names)}
        self._values = writer(chosen)
        self._flags = [i for i, kind in enumerate(kinds) if kind == "bool"]
        self._reals = [i for i, kind in enumerate(kinds) if kind == "double"]

    def cells(self, row: Struct) -> list[Any]:
        """Returns the cells of a row."""
        cells: list[Any] = list(self._values(row))
        for i in self._flags:
            cells[i] = bool(cells[i])
        for i in self._reals:
            cells[i] = round(cells[i], _DIGITS)
        return cells


_REQUEST = _Stored(
    REQUEST_COLUMNS,
    (
        "request_id", "created_at_ms", "tenant", "state", "policy", "requested_model", "tier",
        "tier_number", "verdict", "reason",
    ),
    {},
)  # fmt: skip
_ATTEMPT = _Stored(
    ATTEMPT_COLUMNS,
    (
        "ordinal", "role", "answerer", "attempt_tier", "model", "attempt_state", "cost_nano_usd",
        "cost_basis", "estimated", "discarded", "input_tokens", "output_tokens", "latency_ms",
        "error_code", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens", "images",
        "compute_ms", "cores", "price_version", "provider_cost_nano_usd", "audio_input_tokens",
        "hour_write_tokens", "upstream_id",
    ),
    {"attempt_tier": "tier", "attempt_state": "state"},
)  # fmt: skip
_POLICY, _COST = _REQUEST.positions["policy"], _ATTEMPT.positions["cost_nano_usd"]
_PAYER = (
    ("ending", "text"),
    ("request_error_code", "text"),
    ("short_nano_usd", "int64"),
    ("key_id", "text"),
    ("key_name", "text"),
    ("tags", "text"),
    ("domain", "text"),
    ("request_type", "text"),
    ("endpoint", "text"),
    ("opened", "bool"),
    ("shortfall", "text"),
)
COLUMNS = (*_REQUEST.types, *_ATTEMPT.types, *_PAYER)
"""Name and Parquet type of each column of the file."""
NO_ATTEMPT: tuple[object, ...] = (None,) * len(_ATTEMPT.types)
"""Fills the cells of the attempt for a request that made none."""


def write_file(
    rows: Iterable[RequestRow], path: Path, form: FileFormat, key_names: Mapping[str, str]
) -> int:
    """Writes the rows to a file, `-` for standard output; returns the number of lines."""
    if form is FileFormat.PARQUET:
        lines = (cells for row in rows for cells in _lines(row, key_names))
        return write_parquet(lines, COLUMNS, path)
    if str(path) == "-":
        return _write(rows, sys.stdout, form, key_names)
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
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
        file.write(inert_json(rows_json(row, key_names).decode()) + "\n")
        count += 1
    return count


def write_csv(rows: Iterable[RequestRow], file: TextIO, key_names: Mapping[str, str]) -> int:
    """Writes a header and one line per attempt; returns their number. An unknown cost is empty.

    A request without any call has a line of its own, so no refused or failed request is missing.
    """
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow([name for name, _ in COLUMNS])
    count = 0
    for row in rows:
        for cells in _lines(row, key_names):
            lines.writerow([_safe(cell) for cell in _flat(cells)])
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


def _request(row: RequestRow) -> list[object]:
    cells = _REQUEST.cells(row)
    cells[_POLICY] = f"{row.policy}@{row.policy_hash}"
    return cells


def _attempt(attempt: AttemptRow) -> list[object]:
    cells = _ATTEMPT.cells(attempt)
    # An unknown price with a booked hold still costs that hold; a call that runs is not booked yet.
    if call_price_unknown(attempt) and attempt.cost_nano_usd == 0:
        cells[_COST] = None
    return cells


def _payer(row: RequestRow, key_names: Mapping[str, str]) -> tuple[object, ...]:
    """Returns the ending of the request, and the names it may be charged to."""
    domain, request_type = row_names(row)
    refusal, note = refusal_of(row), note_in(row)
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
        note.opened,
        note.shortfall,
    )


def _flat(cells: tuple[object, ...]) -> Iterator[object]:
    """Yields cells as CSV needs them: unknown is empty, a flag is 0 or 1."""
    for cell in cells:
        yield "" if cell is None else int(cell) if isinstance(cell, bool) else cell


def _safe(cell: object) -> object:
    """Disarms a text that clients chose: a spreadsheet would run what starts like a formula, and a
    terminal what has control characters or changes the direction of what follows.
    """
    if not isinstance(cell, str):
        return cell
    text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
