"""Roll-ups are added up anew: they count faults of answerers alone, and requests with any of them.

The part of the purged rows stays as it is, since nothing else is left of them. The next program
that opens the ledger folds the other rows again; nothing is computed here.
"""

from __future__ import annotations

from router.ledger.sql.migrations.rollups import fold_again

revision = "0024_rollups_of_faults"
down_revision = "0023_urgency_of_reviews"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    fold_again()
