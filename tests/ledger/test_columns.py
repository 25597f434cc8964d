"""The table of columns yields the statements and the bytes that existing ledgers have."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from router.ledger.books.operations import finish_operation
from router.ledger.hash_chain import attempt_values, canonical, request_values
from router.ledger.sql.rows import attempt_from, request_from, select_sql, upsert_sql
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

STATEMENTS = Path(__file__).with_name("row_statements.sql")

FULL_ATTEMPT = AttemptRow(
    attempt_id="r-1-0",
    request_id="r-1",
    ordinal=3,
    role=Role.RESOLVER,
    answerer="shop",
    tier="facts",
    level=2,
    model="shop-1",
    state=AttemptState.UNKNOWN_COST,
    held_nano_usd=11,
    cost_nano_usd=12,
    cost_basis=CostBasis.LIST_PRICE,
    price_version="2026-11-01",
    started_at_ms=1_795_000_000_001,
    latency_ms=13.5,
    usage=Usage(14, 15, 16, 17, 18, True),
    estimated=True,
    discarded=True,
    provider_cost_nano_usd=19,
    compute_ms=20.25,
    finish_reason="stop",
    error_code="timeout",
    p=0.125,
    reason="escalated",
    adapter="tone",
    rung=4,
    upstream_id="up-ü",
    images=21,
    cores=22,
)
FULL_REQUEST = RequestRow(
    request_id="r-1",
    created_at_ms=1_795_000_000_000,
    finished_at_ms=1_795_000_000_023,
    tenant="acme",
    key_id="key_1",
    state=RequestState.UNKNOWN_COST,
    endpoint="chat.completions",
    stream=True,
    mode="route",
    policy="default",
    policy_hash="ab12",
    requested_model="auto",
    tier="facts",
    tier_number=2,
    answerer="shop",
    model="shop-1",
    verdict="accepted",
    reason="escalated",
    reasons=("novel", "ü"),
    confidence=0.875,
    escalations=1,
    cost_nano_usd=12,
    baselines=Baselines(31, 32, None, 34),
    usage=Usage(35, 36, 37, 38, 39, False),
    latency_ms=40.5,
    first_token_ms=41.5,
    triage_ms=0.5,
    prompt_digest="p" * 8,
    answer_digest="a" * 8,
    session_digest="s" * 8,
    tags=("team-a", "x"),
    record=JsonText('{"signals":{"domain":"finance","request_type":"decision"}}'),
    review_id="rev-1",
    error_code="timeout",
    domain="finance",
    request_type="decision",
    attempts=(FULL_ATTEMPT,),
)
OLD_ATTEMPT = replace(FULL_ATTEMPT, images=0, cores=0)
"""As attempts were before they had the two columns."""


@pytest.mark.parametrize(
    ("row", "sha256"),
    [
        (FULL_REQUEST, "f4557e5f177e9162f75561180620bf5eb2bb1ae462c3a88a9ba117fda801db4d"),
        (
            replace(FULL_REQUEST, attempts=(OLD_ATTEMPT,)),
            "e331b1bab47ed87d65668769b4f8fe0701bbfaccde8769452adba8eef724c7d7",
        ),
        (
            replace(FULL_REQUEST, attempts=(OLD_ATTEMPT, FULL_ATTEMPT)),
            "684d8bfe9d1d4db25caae7e43478fc7eac84dff8450a331790dc048cded6e703",
        ),
        (
            replace(FULL_REQUEST, attempts=(), first_token_ms=None),
            "25623ac08735f49432ebb959d22d3b1ed538cff31f0962ecbb48430cd82923d1",
        ),
    ],
)
def test_canonical_bytes_of_a_row_never_change(row: RequestRow, sha256: str) -> None:
    assert hashlib.sha256(canonical(row)).hexdigest() == sha256


def statements() -> str:
    """All SQL text of the two tables, as each database is given it."""
    blocks = []
    for table in (requests, attempts):
        for name, make in (("SQLite", sqlite.dialect), ("PostgreSQL", postgresql.dialect)):
            dialect = make()
            blocks.append(f"-- {name}\n{str(CreateTable(table).compile(dialect=dialect)).strip()}")
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                blocks.append(str(CreateIndex(index).compile(dialect=dialect)))
        blocks += [upsert_sql(table), select_sql(table)]
    lines = "\n\n".join(blocks).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def test_tables_and_statements_are_those_of_existing_ledgers() -> None:
    assert statements() == STATEMENTS.read_text("utf-8")


def test_row_is_read_from_its_columns_as_it_was_written() -> None:
    assert attempt_from(attempt_values(FULL_ATTEMPT)) == FULL_ATTEMPT
    heard = replace(FULL_ATTEMPT, usage=replace(FULL_ATTEMPT.usage, audio_input_tokens=7))
    assert attempt_from(attempt_values(heard)) == heard
    cells = (*request_values(FULL_REQUEST), "finance", "decision", "w-1", 1, "", "")
    assert request_from(cells, (FULL_ATTEMPT,)) == FULL_REQUEST


@pytest.mark.parametrize(
    ("row", "stored"),
    [
        (replace(FULL_REQUEST, model="a\0b"), replace(FULL_REQUEST, model="a\ufffdb")),
        (
            replace(FULL_REQUEST, attempts=(replace(FULL_ATTEMPT, finish_reason="\0"),)),
            replace(FULL_REQUEST, attempts=(replace(FULL_ATTEMPT, finish_reason="\ufffd"),)),
        ),
        (replace(FULL_REQUEST, record=JsonText('"\\u0000"')),) * 2,
    ],
)
def test_final_row_is_laid_out_and_digested_without_nul(
    row: RequestRow, stored: RequestRow
) -> None:
    operation = finish_operation(row)
    assert operation.request_values == request_values(stored)
    assert list(operation.attempt_values.values()) == [attempt_values(a) for a in stored.attempts]
    assert operation.row_digest == hashlib.sha256(canonical(stored)).digest()
