"""Adds the tokens of sound among a call's input; a class of prices needs them.

Older rows have 0. Their chain reads 0 as "not there" (`hash_chain.ADDED_LATER`), so no hash
changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017_tokens_of_sound"
down_revision = "0016_rollups_of_replies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column to the attempts; in SQLite and PostgreSQL that rewrites no row."""
    sound = sa.Column(
        "audio_input_tokens", sa.BigInteger(), nullable=False, server_default=sa.text("0")
    )
    op.add_column("attempts", sound)
