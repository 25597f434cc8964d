"""Adds the tokens that a call wrote to a cache for an hour; a class of prices needs them.

Older rows have null: nobody asked. Their chain reads null as "not there"
(`hash_chain.ADDED_LATER`), so no hash changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028_writes_of_an_hour"
down_revision = "0027_rollups_of_answers_alone"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column to the attempts; in SQLite and PostgreSQL that rewrites no row."""
    op.add_column("attempts", sa.Column("hour_write_tokens", sa.BigInteger(), nullable=True))
