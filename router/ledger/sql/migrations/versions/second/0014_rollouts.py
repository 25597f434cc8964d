"""The changes of rollouts: which stage began when, and why one was rolled back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_rollouts"
down_revision = "0013_models"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rollout_changes",
        sa.Column("policy", sa.Text, primary_key=True, nullable=False),
        sa.Column("version", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("booked", sa.Integer, nullable=False),
    )
