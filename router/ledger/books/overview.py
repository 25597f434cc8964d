"""Answers the dashboard's queries: each reads a bounded part of the ledger, newest rows first.

They find rows by the indexes on time and on the primary key, so a ledger of a million rows answers
as fast as a small one. All block: callers use a worker thread. Times are milliseconds since the
epoch, money is nano-dollars.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from router.errors import IMPOSSIBLE_CODES, REFUSED_CODES
from router.ledger.record_reading import confidence_source
from router.ledger.replies import ANSWERED, NO_TIER, ReplyKind, in_place_sql, led_beside, reply_sql
from router.ledger.row_reading import AFTERWARDS
from router.ledger.row_values import Value, strings
from router.ledger.sql.database import Database
from router.money.days import MINUTE_MS
from router.types import (
    NO_ANSWER_MODEL,
    AttemptState,
    BudgetWindow,
    CostBasis,
    DecisionLine,
    DecisionPage,
    DecisionQuery,
    Reason,
    RefusedCalls,
    RequestState,
    Sample,
    Slice,
    Turn,
)

WITH_CALLS = 5_000
"""Number of the newest requests whose calls are read."""

SCANNED = 10_000
"""Most rows that one search reads: 0.1 s from memory, 1 s from a cold disk (a million rows)."""
ASKED = f"(endpoint NOT IN ({', '.join(repr(one) for one in sorted(AFTERWARDS))}))"
"""SQL condition of clients' requests: rows with money for an earlier request are no traffic."""
_REFUSED = ", ".join(repr(code) for code in sorted(REFUSED_CODES))
_IMPOSSIBLE = ", ".join(repr(code) for code in sorted(IMPOSSIBLE_CODES))
_ANSWERED = (
    f"CASE WHEN state = '{RequestState.SETTLED}' "
    f"OR (state = '{RequestState.UNKNOWN_COST}' AND verdict <> '') THEN 1 ELSE 0 END"
)
"""SQL of `row_reading.answered`."""
_REPLY = f"CASE WHEN {_ANSWERED} = 1 THEN {reply_sql()} ELSE '' END"
"""SQL of what the client got: a `ReplyKind`, "" without one."""
_UNASKED = f"{_ANSWERED} = 1 AND (reason = '{Reason.HARMFUL}' OR tier = '{NO_TIER}')"
_TIER = f"CASE WHEN {_UNASKED} THEN '{NO_TIER}' ELSE tier END"
_LEVEL = f"CASE WHEN {_UNASKED} THEN 0 ELSE tier_number END"
"""SQL of the tier that replied, and of its level, as the roll-ups count them."""
MAX_TENANTS = 200
"""Number of tenants whose budgets are listed, those that spent most first."""

PER_DECADE = 20
EDGES_MS = tuple(10 ** (step / PER_DECADE - 1) for step in range(7 * PER_DECADE + 1))
"""Ends of latency buckets: from 0.1 ms to a quarter of an hour, each 12 % above the last."""


def bucket_ms(bucket: int) -> float:
    """Returns the duration for a bucket: its geometric middle, within 6 % of all values in it."""
    if bucket == 0:
        return EDGES_MS[0]
    return EDGES_MS[min(bucket, len(EDGES_MS)) - 1] * math.pow(10, 0.5 / PER_DECADE)


def _bucket_sql(low: int, high: int) -> str:
    """Returns SQL for the number of EDGES_MS[low:high] that a latency has reached, by halving.

    The database counts, since fetching a busy hour's latencies one by one would keep Python's lock.
    """
    if low == high:
        return str(low)
    middle = (low + high) // 2
    below, above = _bucket_sql(low, middle), _bucket_sql(middle + 1, high)
    return f"CASE WHEN latency_ms < {EDGES_MS[middle]!r} THEN {below} ELSE {above} END"


_BUCKET = _bucket_sql(0, len(EDGES_MS))


def slices(
    database: Database, since_ms: int, until_ms: int, tenant: str | None
) -> tuple[Slice, ...]:
    """Counts requests in [since, until) by minute, tier, state and latency. Raises LedgerError.

    Money that is booked for earlier requests has a slice of its own, without a request.
    """
    whose, values = _of(tenant)
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT created_at_ms / {MINUTE_MS} AS at_minute, {_TIER} AS by_tier, "
            f"{_LEVEL} AS by_level, state, "
            f"{_BUCKET} AS bucket, COUNT(*), "
            "SUM(CASE WHEN verdict <> '' AND mode <> 'observe' THEN 1 ELSE 0 END), "
            "SUM(CASE WHEN escalations > 0 THEN 1 ELSE 0 END), SUM(cost_nano_usd), "
            f"SUM(CASE WHEN error_code IN ({_REFUSED}) THEN 1 ELSE 0 END), "
            f"{_ANSWERED} AS answered, {_REPLY} AS reply, policy, "
            f"SUM(CASE WHEN error_code IN ({_IMPOSSIBLE}) THEN 1 ELSE 0 END) "
            f"FROM requests WHERE created_at_ms >= ? AND created_at_ms < ? AND {ASKED}{whose} "
            "GROUP BY at_minute, by_tier, by_level, state, bucket, answered, reply, policy",
            (since_ms, until_ms, *values),
        ).fetchall()
        later = connection.exec_driver_sql(
            f"SELECT created_at_ms / {MINUTE_MS} AS at_minute, SUM(cost_nano_usd) "
            f"FROM requests WHERE created_at_ms >= ? AND created_at_ms < ? AND NOT {ASKED}{whose} "
            "GROUP BY at_minute",
            (since_ms, until_ms, *values),
        ).fetchall()
    settled = RequestState.SETTLED
    afterwards = [
        Slice(at, "", 0, settled, 0, 0, 0, 0, int(spend), 0, False) for at, spend in later
    ]
    return (*(_slice(tuple(row)) for row in rows), *afterwards)


def _slice(row: tuple[Any, ...]) -> Slice:
    sums = (*row[4:8], int(row[8]), int(row[9]), bool(row[10]), *row[11:-1], int(row[-1]))
    cells = (*row[:3], RequestState(row[3]), *sums)
    return Slice(*cells)


_DOUBTFUL = (
    "SELECT 1 FROM attempts a WHERE a.request_id = requests.request_id AND "
    f"(a.state IN ('{AttemptState.HELD}', '{AttemptState.UNKNOWN_COST}') OR "
    f"(a.cost_basis = '{CostBasis.UNKNOWN}' AND a.state <> '{AttemptState.RELEASED}'))"
)
"""SQL of the attempts that are not `row_reading.attempt_cost_known`."""
_COST = (
    f"CASE WHEN state = '{RequestState.UNKNOWN_COST}' OR (state <> '{RequestState.OPEN}' "
    f"AND EXISTS ({_DOUBTFUL})) THEN NULL ELSE cost_nano_usd END"
)
"""SQL of a request's cost: NULL where it is not known, what it holds while it is open."""
_LINE = (
    "request_id, created_at_ms, tenant, state, policy, requested_model, tier, tier_number, model, "
    "verdict, reason, confidence, escalations, "
    f"{_COST}, latency_ms, domain, error_code, "
    f"review_id, reasons, answerer, record, CASE WHEN {in_place_sql()} THEN 1 ELSE 0 END"
)
_SEARCHED = ("tenant", "key_id", "requested_model", "model", "answerer", "tags")


def decisions(database: Database, query: DecisionQuery, scanned: int = SCANNED) -> DecisionPage:
    """Returns a page of requests that fit, newest first, of at most `scanned` rows read.

    Raises LedgerError.
    """
    where, values = _placed(query)
    filters, filtered = _filters(query)
    with database.reading() as connection:
        end = _scan_end(connection, where, values, scanned) if query.filters else None
        if end is not None:
            filters.append("(created_at_ms, request_id) >= (?, ?)")
            filtered += end
        conditions = " AND ".join([ASKED, *where, *filters])
        rows = connection.exec_driver_sql(
            f"SELECT {_LINE} FROM requests WHERE {conditions} "
            f"ORDER BY created_at_ms DESC, request_id DESC LIMIT {query.limit}",
            (*values, *filtered),
        ).fetchall()
    lines = tuple(_line(tuple(row)) for row in rows)
    if len(lines) == query.limit:
        return DecisionPage(lines, (lines[-1].created_at_ms, lines[-1].request_id))
    return DecisionPage(lines, end)


def _placed(query: DecisionQuery) -> tuple[list[str], list[Value]]:
    """Returns the conditions that an index answers."""
    where, values = list[str](), list[Value]()
    if query.tenant is not None:
        where.append("tenant = ?")
        values.append(query.tenant)
    if query.before is not None:
        where.append("(created_at_ms, request_id) < (?, ?)")
        values += query.before
    if query.id_prefix:
        where += ["request_id >= ?", "request_id < ?"]
        values += [query.id_prefix, query.id_prefix + "\U0010ffff"]
    return where, values


def _filters(query: DecisionQuery) -> tuple[list[str], list[Value]]:
    """Returns the conditions for which rows must be read."""
    where, values = list[str](), list[Value]()
    for column in ("tier", "domain", "verdict", "state"):
        if wanted := getattr(query, column):
            where.append(f"{column} = ?")
            values.append(wanted)
    if query.reply:
        where.append(f"{_REPLY} = ?")
        values.append(query.reply)
    if query.reason:
        where.append("(reason = ? OR reasons LIKE ? ESCAPE '!')")
        values += [query.reason, f'%"{_literally(query.reason)}"%']
    if query.text:
        each = [f"lower({column}) LIKE ? ESCAPE '!'" for column in _SEARCHED]
        where.append(f"({' OR '.join(each)})")
        values += [f"%{_literally(query.text.lower())}%"] * len(_SEARCHED)
    if query.min_cost_nano_usd is not None:
        where.append("cost_nano_usd >= ?")
        values.append(query.min_cost_nano_usd)
    return where, values


def _literally(text: str) -> str:
    """Returns a text for LIKE in which no character is a wildcard."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _scan_end(
    connection: Connection, where: list[str], values: list[Value], scanned: int
) -> tuple[int, str] | None:
    """Returns the last row that this search may read; None where it may read all."""
    row = connection.exec_driver_sql(
        f"SELECT created_at_ms, request_id FROM requests WHERE {' AND '.join(where) or '1 = 1'} "
        f"ORDER BY created_at_ms DESC, request_id DESC LIMIT 1 OFFSET {scanned - 1}",
        tuple(values),
    ).first()
    return None if row is None else (row[0], row[1])


def _line(row: tuple[Any, ...]) -> DecisionLine:
    cells = (*row[:3], RequestState(row[3]), *row[4:-5], bool(row[-5]))
    line, reasons, answerer, record, instead = DecisionLine(*cells), *row[-4:]
    source = confidence_source(line.verdict, line.reason, answerer, record)
    led = led_beside(line.reason, strings(reasons))
    return replace(line, confidence_source=source, led_by=led, in_place=bool(instead))


def samples(
    database: Database, since_ms: int, tenant: str | None
) -> tuple[tuple[Sample, ...], int]:
    """Returns answers, questions back and labels among the newest SCANNED requests since then.

    Their number comes with them.

    Words that stand in for an answer are none: no confidence is about them. Raises LedgerError.
    """
    columns = f"tier, tier_number, confidence, escalations, {_REPLY} AS reply"
    newest, values = _newest(columns, since_ms, tenant, f"LIMIT {SCANNED}")
    with database.reading() as connection:
        rows = connection.exec_driver_sql(newest, values).fetchall()
    told = (*ANSWERED, ReplyKind.COMPUTED)
    asks = ReplyKind.QUESTION
    answered = [
        Sample(row[0], row[1], row[2], row[3] > 0, row[4] == asks) for row in rows if row[4] in told
    ]
    return tuple(answered), len(rows)


def newest_since(database: Database, since_ms: int, tenant: str | None, limit: int) -> int | None:
    """Returns the time from which the newest requests are `limit` or a few fewer; None: all are.

    Requests of the oldest millisecond are left out, since not all of them may be among the newest.
    Raises LedgerError.
    """
    newest, values = _newest("created_at_ms", since_ms, tenant, f"LIMIT 1 OFFSET {limit}")
    with database.reading() as connection:
        row = connection.exec_driver_sql(newest, values).first()
    return None if row is None else int(row[0]) + 1


def turns(
    database: Database, since_ms: int, tenant: str | None, limit: int = WITH_CALLS
) -> tuple[Turn, ...]:
    """Returns the attempts of the newest `limit` requests since then. Raises LedgerError."""
    newest, values = _newest("request_id, policy", since_ms, tenant, f"LIMIT {limit}")
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT newest.policy, a.answerer, a.state, a.cost_basis, a.started_at_ms, "
            f"a.latency_ms, a.error_code, a.discarded FROM attempts a JOIN ({newest}) newest "
            "ON newest.request_id = a.request_id WHERE a.model <> ?",
            (*values, NO_ANSWER_MODEL),  # approved words, which are no call
        ).fetchall()
    return tuple(
        Turn(policy, answerer, AttemptState(state), CostBasis(basis), at_ms, ms, error, bool(lost))
        for policy, answerer, state, basis, at_ms, ms, error, lost in rows
    )


NO_MONEY = "insufficient_quota"
MAX_REFUSED = 50
"""Number of tenants and answerers whose refusals are listed, the most frequent first."""


def refused_calls(
    database: Database, since_ms: int, tenant: str | None
) -> tuple[RefusedCalls, ...]:
    """Counts calls that budgets refused, in the newest WITH_CALLS requests since then.

    Raises LedgerError.
    """
    newest, values = _newest("request_id, tenant", since_ms, tenant, f"LIMIT {WITH_CALLS}")
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT newest.tenant, a.answerer, COUNT(DISTINCT a.request_id), "
            f"MIN(a.held_nano_usd), MAX(a.held_nano_usd) FROM attempts a JOIN ({newest}) newest "
            "ON newest.request_id = a.request_id WHERE a.error_code = ? "
            "GROUP BY newest.tenant, a.answerer "
            f"ORDER BY COUNT(DISTINCT a.request_id) DESC, newest.tenant LIMIT {MAX_REFUSED}",
            (*values, NO_MONEY),
        ).fetchall()
    return tuple(RefusedCalls(*row) for row in rows)


def budget_windows(
    database: Database, starts: Mapping[str, int], tenant: str | None
) -> tuple[BudgetWindow, ...]:
    """Returns the windows of each kind that begin then, the dearest first. Raises LedgerError."""
    whose, values = _of(tenant)
    begun = " OR ".join("(kind = ? AND start_ms = ?)" for _ in starts)
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT tenant, key_id, policy, tier, kind, start_ms, spent_nano_usd, held_nano_usd "
            f"FROM budget_windows WHERE ({begun}){whose} "
            f"ORDER BY spent_nano_usd DESC, tenant, kind LIMIT {2 * MAX_TENANTS}",
            (*(value for start in starts.items() for value in start), *values),
        ).fetchall()
    return tuple(BudgetWindow(*row) for row in rows)


def _newest(
    columns: str, since_ms: int, tenant: str | None, limit: str
) -> tuple[str, tuple[int | str, ...]]:
    """Returns a query of requests since then, newest first, and its values; `limit` ends it."""
    whose, values = _of(tenant)
    query = (
        f"SELECT {columns} FROM requests WHERE created_at_ms >= ? AND {ASKED}{whose} "
        f"ORDER BY created_at_ms DESC, request_id DESC {limit}"
    )
    return query, (since_ms, *values)


def _of(tenant: str | None) -> tuple[str, tuple[str, ...]]:
    return ("", ()) if tenant is None else (" AND tenant = ?", (tenant,))
