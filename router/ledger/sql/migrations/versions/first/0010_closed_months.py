"""Months whose figures never change again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_closed_months"
down_revision = "0009_rollups_to_charge"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No month of an earlier version is closed."""
    op.create_table(
        "closed_months",
        sa.Column("since_ms", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("cost_nano_usd", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("since_ms"),
    )
