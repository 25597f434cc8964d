"""Defines the ledger's tables as SQLAlchemy metadata; `migrations/` builds them step by step.

Money is a BigInteger of nano-dollars, times are milliseconds since the epoch, booleans are 0 or 1,
lists are JSON text. So SQLite and PostgreSQL hold the same values, bit for bit. The columns of
`requests` and `attempts` are those of `router.ledger.columns`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeEngine

from router.ledger.columns import ATTEMPT_COLUMNS, REQUEST_COLUMNS, Kind
from router.ledger.columns import Column as RowColumn

SCHEMA_VERSION = "0032_rollups_of_stated_costs"
"""The newest migration, by its file's name; a test holds it against `migrations/versions`."""
EARLIER_NAMES = {
    "0001": "0001_first_schema",
    "0002": "0002_what_prices_ask_for",
    "0004": "0003_windows_of_any_scope",
    "0005": "0004_what_came_of_answers",
    "0006": "0005_rollups",
}
"""Numbers by which old databases name migrations that had only a number, with none at 0003."""

metadata = MetaData()


def _text(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, primary_key=primary_key)


def _int(name: str, *, primary_key: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=False, primary_key=primary_key, autoincrement=False)


def _flag(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _flag_key(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, primary_key=True, autoincrement=False)


_SQL_TYPES: dict[Kind, type[TypeEngine[Any]]] = {
    Kind.TEXT: Text,
    Kind.WORD: Text,
    Kind.WORDS: Text,
    Kind.WHOLE: BigInteger,
    Kind.SMALL: Integer,
    Kind.FLAG: Integer,
    Kind.REAL: Double,
}


def _row_column(column: RowColumn) -> Column[Any]:
    return Column(
        column.name,
        _SQL_TYPES[column.kind],
        nullable=column.nullable,
        primary_key=column.primary_key,
    )


requests = Table(
    "requests",
    metadata,
    *map(_row_column, REQUEST_COLUMNS),
    Index("requests_by_chain", "writer_id", "sequence", unique=True),
    Index("requests_by_time", "created_at_ms", "request_id"),
    Index("requests_by_tenant", "tenant", "created_at_ms", "request_id"),
    Index(
        "requests_open",
        "writer_id",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

attempts = Table(
    "attempts",
    metadata,
    *map(_row_column, ATTEMPT_COLUMNS),
    sqlite_with_rowid=False,
)

budget_windows = Table(
    "budget_windows",
    metadata,
    _text("tenant", primary_key=True),  # each of these four is "" where the window is for all
    _text("key_id", primary_key=True),
    _text("policy", primary_key=True),
    _text("tier", primary_key=True),
    _text("kind", primary_key=True),  # minute | hour | day | month, UTC
    _int("start_ms", primary_key=True),
    _int("spent_nano_usd"),
    _int("held_nano_usd"),
    _int("purged_nano_usd"),  # part of spent whose attempts are no longer kept
    # a budget would grow by an amount that is released and was never held
    CheckConstraint("held_nano_usd >= 0", name="budget_windows_hold_no_less_than_nothing"),
    sqlite_with_rowid=False,
)

budget_watches = Table(
    "budget_watches",
    metadata,
    _text("named", primary_key=True),  # which of the four columns its windows name: "key_id,tier"
    _text("kind", primary_key=True),
    _int("since_ms"),  # the first window that is kept
    _int("checked_ms"),  # the last window that a limit asked for
    sqlite_with_rowid=False,
)

anchors = Table(
    "anchors",
    metadata,
    _int("anchor_id", primary_key=True),
    _int("created_at_ms"),
    _text("heads"),
    _text("checkpoints"),
    _text("prev_hash"),
    _text("anchor_hash"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    _text("writer_id", primary_key=True),
    _int("sequence"),
    _text("row_hash"),
    _int("created_at_ms"),
    _int("purged_rows"),
)

keys = Table(
    "keys",
    metadata,
    _text("key_id", primary_key=True),
    Column("secret_sha256", LargeBinary, nullable=False),
    _text("tenant"),
    _text("name"),
    _text("scopes"),
    _int("created_at_ms"),
    Column("revoked_at_ms", BigInteger),
    _text("policies"),  # JSON; [] is all
    _text("tiers"),  # JSON; [] is all
    Column("expires_at_ms", BigInteger),
    Column("previous_sha256", LargeBinary),  # the secret before the last rotation
    Column("previous_until_ms", BigInteger),
    Index("keys_by_secret", "secret_sha256", unique=True),
)

sessions = Table(
    "sessions",
    metadata,
    _text("tenant", primary_key=True),
    _text("session", primary_key=True),
    _text("memory"),
    _int("updated_at_ms"),
    Index("sessions_by_time", "updated_at_ms"),
)

reviews = Table(
    "reviews",
    metadata,
    _text("review_id", primary_key=True),
    _text("request_id"),
    _text("tenant"),
    _text("domain"),
    _int("created_at_ms"),
    _text("status"),
    Column("question", Text),
    Column("facts", Text),
    # a person's decision; minutes and time are null while the matter waits
    _text("verdict"),
    Column("minutes", Double),
    _text("decided_by"),
    _text("decided_key_id"),
    Column("decided_at_ms", BigInteger),
    Column("cost_nano_usd", BigInteger),
    _text("price_version"),
    _flag("booked"),  # 1 once the minutes are a row of their own
    # emergency | grave | ordinary; servers of before write no such column
    Column("urgency", Text, nullable=False, server_default=text("'ordinary'")),
    Index("reviews_by_tenant", "tenant", "created_at_ms"),
    Index("reviews_by_request", "request_id"),
)

feedback = Table(
    "feedback",
    metadata,
    _int("sequence", primary_key=True),
    _text("request_id"),
    _text("tenant"),
    _text("source"),  # client | review
    _text("key_id"),
    _int("created_at_ms"),
    Column("correct", Integer),
    Column("loss_nano_usd", BigInteger),
    Column("resolved_first_contact", Integer),
    Column("csat", Double),
    Column("handle_minutes", Double),
    _text("corrected_digest"),
    # the chain, over the columns above in their order
    _text("prev_hash"),
    _text("row_hash"),
    Index("feedback_by_request", "request_id", "sequence"),
)

texts = Table(
    "texts",
    metadata,
    _text("request_id", primary_key=True),
    # prompt | answer | draft | steps | corrected | comment | reviewed | its reason
    # | a label of a head
    _text("kind", primary_key=True),
    _text("tenant"),
    _text("store"),  # redacted | full
    _text("content"),
    _int("created_at_ms"),
    _int("expires_at_ms"),
    Index("texts_by_expiry", "expires_at_ms"),
    Index("texts_by_tenant", "tenant"),
)

tenant_secrets = Table(
    "tenant_secrets",
    metadata,
    _text("tenant", primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    _int("created_at_ms"),
)

replies = Table(
    "replies",
    metadata,
    _text("tenant", primary_key=True),
    _text("name", primary_key=True),  # keyed hash of the idempotency key
    _text("fingerprint"),  # keyed hash of the request
    _text("token"),  # of the process that answers it
    _int("lease_until_ms"),
    Column("sealed", LargeBinary),  # null while it is being answered
    _int("size"),
    _int("created_at_ms"),
    _int("expires_at_ms"),
    Index("replies_by_expiry", "expires_at_ms"),
    Index("replies_by_time", "created_at_ms"),
)

files = Table(
    "files",
    metadata,
    _text("file_id", primary_key=True),
    _text("tenant"),
    _text("key_id"),
    _text("purpose"),  # batch | batch_output
    _text("filename"),
    _int("size"),
    _int("created_at_ms"),
    Column("expires_at_ms", BigInteger),
    _flag("complete"),  # 0 while it is being written
    Index("files_by_owner", "tenant", "key_id", "created_at_ms"),
)

file_parts = Table(
    "file_parts",
    metadata,
    _text("file_id", primary_key=True),
    _int("part", primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    _text("batch_id", primary_key=True),
    _text("tenant"),
    _text("key_id"),
    _text("endpoint"),
    _text("input_file_id"),
    _text("state"),  # `router.types.BatchState`
    _int("created_at_ms"),
    _int("expires_at_ms"),
    _int("total"),
    _int("completed"),
    _int("failed"),
    Column("output_file_id", Text),
    Column("error_file_id", Text),
    _text("content"),  # window, metadata, errors and times, as JSON
    _text("token"),  # of the process that runs it
    _int("lease_until_ms"),
    Index("batches_by_owner", "tenant", "key_id", "created_at_ms"),
    Index("batches_by_state", "state", "created_at_ms"),
)

batch_results = Table(
    "batch_results",
    metadata,
    _text("batch_id", primary_key=True),
    _int("line", primary_key=True),
    _flag("ok"),
    Column("sealed", LargeBinary, nullable=False),
)

models = Table(
    "models",
    metadata,
    _text("folder", primary_key=True),  # events | files/FOLDER of one version
    _text("name", primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

policy_versions = Table(
    "policy_versions",
    metadata,
    _text("hash", primary_key=True),
    _text("name"),
    _text("content"),
    _int("first_seen_at_ms"),
    _text("prices"),
)

rollout_changes = Table(
    "rollout_changes",
    metadata,
    _text("policy", primary_key=True),
    _int("version", primary_key=True),
    _text("run"),
    _int("at_ms"),
    _text("content"),  # a `router.rollout.stages.Change` as JSON
    _flag("booked"),  # 1 once the change is a row of the chain
)

rollups = Table(
    "rollups",
    metadata,
    _text("kind", primary_key=True),  # `router.ledger.rollup.Kind`
    _int("start_ms", primary_key=True),  # of the UTC day; of the quarter hour for kind `time`
    _text("tenant", primary_key=True),
    _text("name", primary_key=True),
    _flag_key("purged"),  # 1: the part of the sums whose rows are no longer kept
    _int("requests"),
    _int("cost_nano_usd"),
    _text("content"),  # a `router.ledger.rollup.Cell` as JSON
    sqlite_with_rowid=False,
)

rollup_marks = Table(
    "rollup_marks",
    metadata,
    _text("writer_id", primary_key=True),
    _int("sequence"),  # of the chain's last row that is in the roll-ups
)

closed_months = Table(
    "closed_months",
    metadata,
    _int("since_ms", primary_key=True),
    _int("until_ms"),
    _int("closed_at_ms"),
    _int("row_count"),
    _int("cost_nano_usd"),
)

meta = Table(
    "meta",
    metadata,
    _text("name", primary_key=True),
    _text("content"),
)
