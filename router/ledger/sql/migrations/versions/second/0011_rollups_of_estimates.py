"""Roll-ups are added up anew: they now know how much of the spend is estimated.

The part of the purged rows stays as it is, since nothing else is left of them. The next program
that opens the ledger folds the other rows again; nothing is computed here.
"""

from __future__ import annotations

from router.ledger.sql.migrations.rollups import fold_again

revision = "0011_rollups_of_estimates"
down_revision = "0010_closed_months"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    fold_again()
