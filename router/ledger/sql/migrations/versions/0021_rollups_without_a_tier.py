"""Roll-ups are added up anew: a harmful request counts at no tier, since none was asked.

The part of the purged rows stays as it is, since nothing else is left of them. The next program
that opens the ledger folds the other rows again; nothing is computed here.
"""

from __future__ import annotations

from router.ledger.sql.migrations.rollups import fold_again

revision = "0021_rollups_without_a_tier"
down_revision = "0020_stated_costs_in_windows"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    fold_again()
