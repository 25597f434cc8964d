"""What reports read: requests joined with their summed attempts, as columns, and roll-ups of them.

Open requests are left out. Latencies are milliseconds, money nano-dollars, and an unknown baseline
is None, never 0: a roll-up says how many requests know theirs, and what those cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import orjson
from sqlalchemy import Connection

from router.ledger.database import Database

Grouping = Literal["day", "tenant", "tier", "domain", "request_type", "answerer", "requested_model"]
_GROUPS: dict[Grouping, str] = {
    "day": "r.created_at_ms - r.created_at_ms % 86400000",
    "tenant": "r.tenant",
    "tier": "r.tier",
    "domain": "r.domain",
    "request_type": "r.request_type",
    "answerer": "r.answerer",
    "requested_model": "r.requested_model",
}


@dataclass(frozen=True, slots=True)
class Period:
    """Requests created in [since, until) of one tenant; None: no bound, all tenants."""

    since_ms: int | None = None
    until_ms: int | None = None
    tenant: str | None = None


EVERYTHING = Period()


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One finished request as a report sees it."""

    request_id: str
    created_at_ms: int
    tenant: str
    state: str
    mode: str
    policy: str
    requested_model: str
    tier: str
    tier_number: int
    answerer: str
    model: str
    domain: str
    request_type: str
    verdict: str
    reason: str
    confidence: float
    escalations: int
    cost_nano_usd: int
    baseline_requested_model_nano_usd: int | None
    baseline_all_level_2_nano_usd: int | None
    baseline_all_level_3_nano_usd: int | None
    baseline_people_nano_usd: int | None
    input_tokens: int
    output_tokens: int
    latency_ms: float
    first_token_ms: float | None
    triage_ms: float
    reasons: tuple[str, ...]
    attempts: int
    discarded_nano_usd: int  # spent on answers that the client never saw
    unknown_nano_usd: int  # counted at the hold, outcome unknown
    compute_ms: float


@dataclass(frozen=True, slots=True)
class Rollup:
    """The requests of one group."""

    group: tuple[str | int, ...]  # one value per grouping asked for
    requests: int
    failed: int
    escalated: int  # requests with at least one escalation
    spent_nano_usd: int
    discarded_nano_usd: int
    latency_p50_ms: float
    latency_p95_ms: float
    baselines: tuple[BaselineSum, ...]
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class BaselineSum:
    """A baseline over the requests that know it, and what these same requests cost."""

    name: str  # requested_model | all_level_2 | all_level_3 | people
    requests: int
    baseline_nano_usd: int
    cost_nano_usd: int


BASELINES = ("requested_model", "all_level_2", "all_level_3", "people")

_SUMS = (
    "LEFT JOIN (SELECT request_id, count(*) AS attempts, "
    "sum(CASE WHEN discarded = 1 THEN cost_nano_usd ELSE 0 END) AS discarded_nano_usd, "
    "sum(CASE WHEN state = 'unknown_cost' THEN cost_nano_usd ELSE 0 END) AS unknown_nano_usd, "
    "sum(compute_ms) AS compute_ms FROM attempts GROUP BY request_id) a "
    "ON a.request_id = r.request_id"
)
_ATTEMPT_SUMS = ("attempts", "discarded_nano_usd", "unknown_nano_usd", "compute_ms")
_NAMES = tuple(field.name for field in fields(ReportRow))
_SELECT = ", ".join(
    f"coalesce(a.{name}, 0)" if name in _ATTEMPT_SUMS else f"r.{name}" for name in _NAMES
)
_REASONS_AT = _NAMES.index("reasons")


def columns(database: Database, period: Period = EVERYTHING) -> Iterator[ReportRow]:
    """Finished requests, oldest first, as they are read. Raises LedgerError."""
    where, values = _where(period)
    with database.reading() as connection:
        for row in connection.execution_options(yield_per=1000).exec_driver_sql(
            f"SELECT {_SELECT} FROM requests r {_SUMS} WHERE {where} "
            "ORDER BY r.created_at_ms, r.request_id",
            values,
        ):
            cells = list(row)
            cells[_REASONS_AT] = tuple(orjson.loads(cells[_REASONS_AT]))
            yield ReportRow(*cells)


def rollup(
    database: Database,
    by: Sequence[Grouping] = (),
    period: Period = EVERYTHING,
) -> tuple[Rollup, ...]:
    """Requests by group, in the order of the groups; without `by`, one for all of them.

    Percentiles are nearest-rank: the smallest latency that so many per cent do not pass.
    Raises: LedgerError.
    """
    where, values = _where(period)
    groups = [_GROUPS[name] for name in by]
    keys = ", ".join(f"g{number}" for number in range(len(by)))
    partition = f"PARTITION BY {', '.join(groups)} " if groups else ""
    named = "".join(f"{group} AS g{number}, " for number, group in enumerate(groups))
    knows = ", ".join(
        f"count(baseline_{name}_nano_usd), coalesce(sum(baseline_{name}_nano_usd), 0), "
        f"coalesce(sum(CASE WHEN baseline_{name}_nano_usd IS NOT NULL THEN cost_nano_usd END), 0)"
        for name in BASELINES
    )
    sql = (
        f"WITH ranked AS (SELECT {named}r.*, coalesce(a.discarded_nano_usd, 0) AS discarded, "
        f"row_number() OVER ({partition}ORDER BY r.latency_ms) AS place, "
        f"count(*) OVER ({partition}) AS size "
        f"FROM requests r {_SUMS} WHERE {where}) "
        f"SELECT {keys + ', ' if keys else ''}count(*), "
        "sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), "
        "sum(CASE WHEN escalations > 0 THEN 1 ELSE 0 END), "
        "sum(cost_nano_usd), sum(discarded), "
        "min(CASE WHEN place * 100 >= size * 50 THEN latency_ms END), "
        "min(CASE WHEN place * 100 >= size * 95 THEN latency_ms END), "
        f"sum(input_tokens), sum(output_tokens), {knows} FROM ranked"
        + (f" GROUP BY {keys} ORDER BY {keys}" if keys else " HAVING count(*) > 0")
    )
    with database.reading() as connection:
        return tuple(
            _rollup(tuple(row[: len(by)]), tuple(row[len(by) :]))
            for row in connection.exec_driver_sql(sql, values)
        )


def _rollup(group: tuple[str | int, ...], cells: Sequence[int]) -> Rollup:
    requests, failed, escalated, spent, discarded, p50, p95, read, written = cells[:9]
    known = cells[9:]
    baselines = tuple(
        BaselineSum(name, *known[3 * place : 3 * place + 3]) for place, name in enumerate(BASELINES)
    )
    return Rollup(
        group,
        requests,
        failed,
        escalated,
        spent,
        discarded,
        float(p50),
        float(p95),
        baselines,
        read,
        written,
    )


def reason_counts(database: Database, period: Period = EVERYTHING) -> Counter[str]:
    """How many requests name each reason, and each once per request. Raises LedgerError."""
    where, values = _where(period)
    counts: Counter[str] = Counter()
    with database.reading() as connection:
        for reasons, requests in _grouped_reasons(connection, where, values):
            for reason in set(orjson.loads(reasons)):
                counts[reason] += requests
    return counts


def _grouped_reasons(
    connection: Connection, where: str, values: tuple[str | int, ...]
) -> Iterator[tuple[str, int]]:
    for row in connection.exec_driver_sql(
        f"SELECT r.reasons, count(*) FROM requests r WHERE {where} GROUP BY r.reasons", values
    ):
        yield str(row[0]), int(row[1])


def _where(period: Period) -> tuple[str, tuple[str | int, ...]]:
    conditions, values = ["r.state <> 'open'"], list[str | int]()
    for condition, value in (
        ("r.created_at_ms >= ?", period.since_ms),
        ("r.created_at_ms < ?", period.until_ms),
        ("r.tenant = ?", period.tenant),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    return " AND ".join(conditions), tuple(values)
