"""Roll-ups are added up anew: what was refused before anything was sent is no call in any table.

The part of the purged rows stays as it is, since nothing else is left of them. The next program
that opens the ledger folds the other rows again; nothing is computed here.
"""

from __future__ import annotations

from router.ledger.sql.migrations.rollups import fold_again

revision = "0026_rollups_of_unmade_calls"
down_revision = "0025_rollups_by_undated_models"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    fold_again()
