"""Rows of the tables as the types of the contract, and the SQL text that writes them.

The store turns rows into types here and nowhere else. Column order is the one of
`audit.request_values` and `audit.attempt_values`, followed by what the ledger adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import orjson
from sqlalchemy import Table

from router.ledger.chain import ChainRow, Value
from router.ledger.sql.schema import attempts, requests
from router.types import (
    AttemptRow,
    AttemptState,
    Baselines,
    CostBasis,
    JsonText,
    RequestRow,
    RequestState,
    Role,
    Usage,
)

REQUEST_COLUMNS = tuple(column.name for column in requests.c)
ATTEMPT_COLUMNS = tuple(column.name for column in attempts.c)
PLAIN_REQUEST_COLUMNS = REQUEST_COLUMNS.index("domain")  # how many audit.request_values has
PLAIN_ATTEMPT_COLUMNS = ATTEMPT_COLUMNS.index("tenant")

SqlRow = Sequence[Value]


class _RecordSignals(msgspec.Struct):
    domain: str = ""
    request_type: str = ""


class _Record(msgspec.Struct):
    signals: _RecordSignals | None = None


_record_decoder = msgspec.json.Decoder(_Record)


def derived_values(record: str) -> tuple[str, str]:
    """Domain and request type as the record's `signals` say; "" where it does not say."""
    try:
        signals = _record_decoder.decode(record).signals
    except (msgspec.DecodeError, UnicodeError):
        return "", ""
    return ("", "") if signals is None else (signals.domain, signals.request_type)


def upsert_sql(table: Table, rows: int = 1) -> str:
    """INSERT of so many rows which replaces a row with the same primary key."""
    names = [column.name for column in table.c]
    key = [column.name for column in table.primary_key]
    values = "(" + ",".join("?" * len(names)) + ")"
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {','.join([values] * rows)} "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    )


def select_sql(table: Table, columns: Iterable[str] | None = None) -> str:
    """SELECT of these columns, all in the order of the table when none are named."""
    names = ", ".join(columns if columns is not None else (column.name for column in table.c))
    return f"SELECT {names} FROM {table.name}"


def _strings(text: Value) -> tuple[str, ...]:
    return tuple(orjson.loads(str(text)))


def attempt_from(row: SqlRow) -> AttemptRow:
    """An attempt from the columns of `attempts`; what follows them is left alone."""
    cells: tuple[Any, ...] = tuple(row[:PLAIN_ATTEMPT_COLUMNS])  # the schema states their types
    (
        request_id,
        attempt_id,
        ordinal,
        role,
        answerer,
        tier,
        level,
        model,
        state,
        held,
        cost,
        cost_basis,
        price_version,
        started_at_ms,
        latency_ms,
        input_tokens,
        cached_input_tokens,
        cache_write_tokens,
        output_tokens,
        reasoning_tokens,
        reported,
        estimated,
        discarded,
        provider_cost,
        compute_ms,
        finish_reason,
        error_code,
        p,
        reason,
        adapter,
        rung,
        upstream_id,
        images,
        cores,
    ) = cells
    return AttemptRow(
        attempt_id=attempt_id,
        request_id=request_id,
        ordinal=ordinal,
        role=Role(role),
        answerer=answerer,
        tier=tier,
        level=level,
        model=model,
        state=AttemptState(state),
        held_nano_usd=held,
        cost_nano_usd=cost,
        cost_basis=CostBasis(cost_basis),
        price_version=price_version,
        started_at_ms=started_at_ms,
        latency_ms=latency_ms,
        usage=Usage(
            input_tokens,
            cached_input_tokens,
            cache_write_tokens,
            output_tokens,
            reasoning_tokens,
            bool(reported),
        ),
        estimated=bool(estimated),
        discarded=bool(discarded),
        provider_cost_nano_usd=provider_cost,
        compute_ms=compute_ms,
        finish_reason=finish_reason,
        error_code=error_code,
        p=p,
        reason=reason,
        adapter=adapter,
        rung=rung,
        upstream_id=upstream_id,
        images=images,
        cores=cores,
    )


def request_from(row: SqlRow, its_attempts: tuple[AttemptRow, ...]) -> RequestRow:
    """A request from the columns of `requests`; what follows the plain ones is left alone."""
    cells: tuple[Any, ...] = tuple(row[:PLAIN_REQUEST_COLUMNS])  # the schema states their types
    (
        request_id,
        created_at_ms,
        finished_at_ms,
        tenant,
        key_id,
        state,
        endpoint,
        stream,
        mode,
        policy,
        policy_hash,
        requested_model,
        tier,
        tier_number,
        answerer,
        model,
        verdict,
        reason,
        reasons,
        confidence,
        escalations,
        cost,
        requested_baseline,
        level_2_baseline,
        level_3_baseline,
        people_baseline,
        input_tokens,
        cached_input_tokens,
        cache_write_tokens,
        output_tokens,
        reasoning_tokens,
        reported,
        latency_ms,
        first_token_ms,
        triage_ms,
        prompt_digest,
        answer_digest,
        session_digest,
        tags,
        record,
        review_id,
        error_code,
    ) = cells
    return RequestRow(
        request_id=request_id,
        created_at_ms=created_at_ms,
        finished_at_ms=finished_at_ms,
        tenant=tenant,
        key_id=key_id,
        state=RequestState(state),
        endpoint=endpoint,
        stream=bool(stream),
        mode=mode,
        policy=policy,
        policy_hash=policy_hash,
        requested_model=requested_model,
        tier=tier,
        tier_number=tier_number,
        answerer=answerer,
        model=model,
        verdict=verdict,
        reason=reason,
        reasons=_strings(reasons),
        confidence=confidence,
        escalations=escalations,
        cost_nano_usd=cost,
        baselines=Baselines(
            requested_baseline, level_2_baseline, level_3_baseline, people_baseline
        ),
        usage=Usage(
            input_tokens,
            cached_input_tokens,
            cache_write_tokens,
            output_tokens,
            reasoning_tokens,
            bool(reported),
        ),
        latency_ms=latency_ms,
        first_token_ms=first_token_ms,
        triage_ms=triage_ms,
        prompt_digest=prompt_digest,
        answer_digest=answer_digest,
        session_digest=session_digest,
        tags=_strings(tags),
        record=JsonText(str(record)),
        review_id=review_id,
        error_code=error_code,
        attempts=its_attempts,
    )


def chain_row_from(row: SqlRow, its_attempts: tuple[AttemptRow, ...]) -> ChainRow:
    """A finished request with its place in the chain, from all columns of `requests`."""
    writer_id, sequence, prev_hash, row_hash = row[-4:]
    return ChainRow(
        str(writer_id),
        int(sequence or 0),
        str(prev_hash),
        str(row_hash),
        request_from(row, its_attempts),
    )
