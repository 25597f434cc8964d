"""Feedback on answers with a chain of its own, and what reviewers decided.

Requests and attempts stay as they are: no hash of theirs changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_what_came_of_answers"
down_revision = "0003_windows_of_any_scope"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create `feedback`; give reviews their verdict, minutes and cost."""
    op.create_table(
        "feedback",
        sa.Column("sequence", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("correct", sa.Integer(), nullable=True),
        sa.Column("loss_nano_usd", sa.BigInteger(), nullable=True),
        sa.Column("resolved_first_contact", sa.Integer(), nullable=True),
        sa.Column("csat", sa.Double(), nullable=True),
        sa.Column("handle_minutes", sa.Double(), nullable=True),
        sa.Column("corrected_digest", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("row_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index("feedback_by_request", "feedback", ["request_id", "sequence"], unique=False)
    for column in (
        sa.Column("verdict", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("minutes", sa.Double(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("decided_key_id", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("decided_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("cost_nano_usd", sa.BigInteger(), nullable=True),
        sa.Column("price_version", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("booked", sa.Integer(), nullable=False, server_default=sa.text("0")),
    ):
        op.add_column("reviews", column)
    op.create_index("reviews_by_request", "reviews", ["request_id"], unique=False)
