"""Roll-ups are added up anew: a bill is no further call whose provider stated a cost.

The next program that opens the ledger folds the rows again.
"""

from __future__ import annotations

from router.ledger.sql.migrations.rollups import fold_again

revision = "0032_rollups_of_stated_costs"
down_revision = "0031_rollups_of_rules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    fold_again()
