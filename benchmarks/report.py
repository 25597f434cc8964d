"""Measures the time of a report: `python -m benchmarks report [--rows 10000000] [--scan]`.

It makes a ledger of so many rows in the real tables. One day of 2,000 rows with their attempts,
drawn with a fixed seed, is copied by SQL over 30 days; the roll-ups are the sums of those rows.
With --scan it makes the same report only from the rows and times it; both must be equal to the
last figure.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from router.analysis.report.build import Extra, build_report
from router.analysis.report.figures import Report
from router.ledger.aggregates import Cell, Kind, decode, encode
from router.ledger.columns import ATTEMPT_COLUMNS, REQUEST_COLUMNS, names
from router.ledger.hash_chain import attempt_values, request_values
from router.ledger.rollups.reading import portion
from router.ledger.rollups.stored import Fold, store
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.policy.schema import ReportSection
from router.types import JsonText, RequestRow
from tests.kits.books.report_rows import a_row, an_attempt

DAY_MS = 86_400_000
BEGIN_MS = 1_791_158_400_000  # 2026-10-05, UTC
DAYS = 30
PATTERN = 2_000  # rows of one copied day, unless fewer are asked for
TENANTS = 20
WRITER = "bench"
DOMAINS = ("general", "customer_support", "technology", "finance", "legal", "medical")
TYPES = ("faq", "status", "writing", "coding", "analysis")


def measure(rows: int, scan: bool, say: Callable[[str], None]) -> dict[str, object]:
    """Returns the seconds of the report from roll-ups and, with `scan`, from all rows."""
    # Whole copies of the pattern, so that the roll-ups are a multiple of one day's.
    pattern = _pattern(max(1, min(PATTERN, rows // DAYS)))
    copies = max(1, round(rows / (len(pattern) * DAYS)))
    rows = copies * len(pattern) * DAYS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        say(f"writing {rows:,} rows")
        begin = time.perf_counter()
        generate(path, pattern, copies)
        figures: dict[str, object] = {
            "rows": rows,
            "cells": _cells(path),
            "megabytes": round(path.stat().st_size / 1e6),
            "written_s": round(time.perf_counter() - begin, 1),
        }
        database = Database.open(path)
        say("from roll-ups")
        times, rolled = _timed(lambda: from_rollups(database), 3)
        figures["rollups_s"] = times
        if scan:
            say("from all rows")
            times, scanned = _timed(lambda: from_rows(database), 1)
            figures["scan_s"] = times
            if scanned != rolled:
                raise AssertionError("the report from roll-ups is not the report from rows")
        database.close()
    return figures


def show(figures: dict[str, object]) -> str:
    """Returns the figures of `measure` in a sentence."""
    return (
        f"report over {figures['rows']:,} rows ({figures['megabytes']:,} MB, "
        f"{figures['cells']:,} cells): "
        f"from roll-ups {figures['rollups_s']} s"
        + (f", from all rows {figures['scan_s']} s, the same" if "scan_s" in figures else "")
    )


def from_rollups(database: Database) -> Report:
    parts = portion(database, BEGIN_MS, BEGIN_MS + DAYS * DAY_MS, None, tuple(Kind))
    return _report(parts.rows, Extra(cells=parts.cells))


def from_rows(database: Database) -> Report:
    end = BEGIN_MS + DAYS * DAY_MS
    return _report(reading.rows(database, since_ms=BEGIN_MS, until_ms=end), Extra())


def _report(rows: object, extra: Extra) -> Report:
    return build_report(
        rows,  # type: ignore[arg-type]
        config=ReportSection(),
        since_ms=BEGIN_MS,
        until_ms=BEGIN_MS + DAYS * DAY_MS,
        now_ms=BEGIN_MS + DAYS * DAY_MS,
        extra=extra,
    )


def _timed(work: Callable[[], Report], rounds: int) -> tuple[list[float], Report]:
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        report = work()
        times.append(round(time.perf_counter() - begin, 2))
    return times, report


def generate(path: Path, pattern: list[RequestRow], copies: int) -> None:
    """Writes a ledger of `copies` times the pattern on each of the days, with its roll-ups."""
    Database.open(path).close()
    raw = sqlite3.connect(path, isolation_level=None)
    # The file is thrown away, so it needs no protection against a crash.
    raw.execute("PRAGMA journal_mode = OFF")
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("PRAGMA cache_size = -500000")
    raw.execute("CREATE TEMP TABLE r AS SELECT * FROM requests")
    raw.execute("CREATE TEMP TABLE a AS SELECT * FROM attempts")
    lines = [_request_line(number, row) for number, row in enumerate(pattern)]
    calls = [(*attempt_values(c), row.tenant) for row in pattern for c in row.attempts]
    _insert(raw, "r", names(REQUEST_COLUMNS), lines)
    _insert(raw, "a", names(ATTEMPT_COLUMNS), calls)
    raw.execute("BEGIN")
    for turn in range(copies * DAYS):
        _copy(raw, turn * len(pattern), turn, turn // copies)
    raw.execute("INSERT INTO rollup_marks VALUES (?, ?)", (WRITER, copies * DAYS * len(pattern)))
    raw.execute("COMMIT")
    raw.close()
    database = Database.open(path)
    with database.writing() as connection:
        for day in range(DAYS):
            store(connection, _day(pattern, day, copies), purged=0)
    database.close()


def _pattern(rows: int) -> list[RequestRow]:
    chance = random.Random(1)
    return [_row(chance, number) for number in range(rows)]


def _row(chance: random.Random, number: int) -> RequestRow:
    level = chance.choices((1, 2, 3), (95, 4, 1))[0]
    request_id = f"req-{number:05d}"
    calls = [an_attempt(request_id, level, chance.randint(10_000, 10**7) * level**4)]
    if level > 1 and chance.random() < 0.3:
        draft = an_attempt(request_id, level - 1, 10_000, discarded=True)
        calls.insert(0, replace(draft, attempt_id=f"{request_id}-draft"))
    domain, kind = chance.choice(DOMAINS), chance.choice(TYPES)
    row = a_row(number, level, attempts=calls, domain=domain, request_type=kind)
    tenant = f"tenant-{min(int(chance.expovariate(0.3)), TENANTS - 1):02d}"
    return replace(
        row,
        tenant=tenant,
        key_id=f"key-{tenant}-{chance.randrange(3)}",
        created_at_ms=BEGIN_MS + round(chance.triangular(0, DAY_MS - 1)),
        latency_ms=chance.lognormvariate(2.0 * level, 0.6),
        record=JsonText(row.record),
    )


def _request_line(number: int, row: RequestRow) -> tuple[object, ...]:
    chain = (WRITER, number + 1, "", "")
    return (*request_values(row), row.domain, row.request_type, *chain)


def _insert(
    raw: sqlite3.Connection, table: str, columns: Sequence[str], lines: Sequence[tuple[object, ...]]
) -> None:
    marks = ", ".join("?" * len(columns))
    raw.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", lines)


def _copy(raw: sqlite3.Connection, before: int, turn: int, day: int) -> None:
    """Copies the pattern to a day, after so many rows that are there before."""
    changed = {
        "request_id": f"'{turn:06d}' || request_id",
        "created_at_ms": f"created_at_ms + {day * DAY_MS}",
        "sequence": f"sequence + {before}",
    }
    for table, source, columns in (
        ("requests", "r", REQUEST_COLUMNS),
        ("attempts", "a", ATTEMPT_COLUMNS),
    ):
        written = names(columns)
        chosen = ", ".join(changed.get(name, name) for name in written)
        raw.execute(f"INSERT INTO {table} ({', '.join(written)}) SELECT {chosen} FROM {source}")


def _day(pattern: list[RequestRow], day: int, copies: int) -> Fold:
    fold = Fold()
    for row in pattern:
        fold.add(replace(row, created_at_ms=row.created_at_ms + day * DAY_MS))
    fold.cells = {key: _times(cell, copies) for key, cell in fold.cells.items()}
    return fold


def _times(cell: Cell, copies: int) -> Cell:
    """Returns the sum of so many equal cells, by doubling."""
    total, power = Cell(), cell
    while copies:
        if copies & 1:
            total.merge(power)
        power = decode(encode(power))
        power.merge(decode(encode(power)))
        copies >>= 1
    return total


def _cells(path: Path) -> int:
    raw = sqlite3.connect(path)
    (number,) = raw.execute("SELECT count(*) FROM rollups").fetchone()
    raw.close()
    return int(number)
