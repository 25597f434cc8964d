"""Files that clients upload, sealed in parts, and batches of requests over them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_files_and_batches"
down_revision = "0011_rollups_of_estimates"
branch_labels = None
depends_on = None


def _key(name: str, kind: type[sa.Text] | type[sa.BigInteger] = sa.Text) -> sa.Column[object]:
    return sa.Column(name, kind, primary_key=True, nullable=False, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def upgrade() -> None:
    op.create_table(
        "files",
        _key("file_id"),
        _text("tenant"),
        _text("key_id"),
        _text("purpose"),
        _text("filename"),
        _int("size"),
        _int("created_at_ms"),
        sa.Column("expires_at_ms", sa.BigInteger),
        sa.Column("complete", sa.Integer, nullable=False),
    )
    op.create_index("files_by_owner", "files", ["tenant", "key_id", "created_at_ms"])
    op.create_table(
        "file_parts",
        _key("file_id"),
        _key("part", sa.BigInteger),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "batches",
        _key("batch_id"),
        _text("tenant"),
        _text("key_id"),
        _text("endpoint"),
        _text("input_file_id"),
        _text("state"),
        _int("created_at_ms"),
        _int("expires_at_ms"),
        _int("total"),
        _int("completed"),
        _int("failed"),
        sa.Column("output_file_id", sa.Text),
        sa.Column("error_file_id", sa.Text),
        _text("content"),
        _text("token"),
        _int("lease_until_ms"),
    )
    op.create_index("batches_by_owner", "batches", ["tenant", "key_id", "created_at_ms"])
    op.create_index("batches_by_state", "batches", ["state", "created_at_ms"])
    op.create_table(
        "batch_results",
        _key("batch_id"),
        _key("line", sa.BigInteger),
        sa.Column("ok", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
