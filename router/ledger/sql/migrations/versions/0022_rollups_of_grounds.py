"""Roll-ups are added up anew: they count what the chances of accepted answers rest on.

The part of the purged rows stays as it is, since nothing else is left of them. The next program
that opens the ledger folds the other rows again; nothing is computed here.
"""

from __future__ import annotations

from router.ledger.sql.migrations.rollups import fold_again

revision = "0022_rollups_of_grounds"
down_revision = "0021_rollups_without_a_tier"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    fold_again()
