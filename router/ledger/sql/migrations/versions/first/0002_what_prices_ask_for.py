"""Adds images of the request and cores of the local model; two classes of prices need them.

Older rows have 0 in both. Their chain reads 0 as "not there" (`hash_chain.ADDED_LATER`), so no hash
changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_what_prices_ask_for"
down_revision = "0001_first_schema"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns to the attempts; in SQLite and PostgreSQL that rewrites no row."""
    for name in ("images", "cores"):
        op.add_column(
            "attempts", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
