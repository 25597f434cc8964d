"""Answers that are given again under an idempotency key, sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_replies"
down_revision = "0006_reviews_in_no_budget"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replies",
        sa.Column("tenant", sa.Text, primary_key=True, nullable=False),
        sa.Column("name", sa.Text, primary_key=True, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("lease_until_ms", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("replies_by_expiry", "replies", ["expires_at_ms"])
    op.create_index("replies_by_time", "replies", ["created_at_ms"])
