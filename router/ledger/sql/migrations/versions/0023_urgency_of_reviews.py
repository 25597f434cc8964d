"""Matters that wait say how soon a person should look at them; sums count who failed in calls.

Roll-ups are added up anew for that: the next program that opens the ledger folds the rows again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from router.ledger.sql.migrations.rollups import fold_again

revision = "0023_urgency_of_reviews"
down_revision = "0022_rollups_of_grounds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of older matters only a high risk is known, by the reasons of the request."""
    ordinary = sa.text("'ordinary'")
    column = sa.Column("urgency", sa.Text(), nullable=False, server_default=ordinary)
    op.add_column("reviews", column)
    op.execute(
        "UPDATE reviews SET urgency = 'grave' WHERE EXISTS (SELECT 1 FROM requests r "
        "WHERE r.request_id = reviews.request_id AND r.reason LIKE 'high_risk_%')"
    )
    fold_again()
