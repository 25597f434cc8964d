"""Adds the price book of each policy that has one of its own; it prices old rows again.

Policies of before have none until a server that has the book starts with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018_price_books"
down_revision = "0017_tokens_of_sound"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; in SQLite and PostgreSQL that rewrites no row."""
    prices = sa.Column("prices", sa.Text(), nullable=False, server_default=sa.text("''"))
    op.add_column("policy_versions", prices)
