"""The registry of models: its changes, and the files of its versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_models"
down_revision = "0012_files_and_batches"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("folder", sa.Text, primary_key=True, nullable=False),
        sa.Column("name", sa.Text, primary_key=True, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
