"""Roll-ups are added up anew: the rule that led to approved words decided, not the words' reason.

The next program that opens the ledger folds the rows again.
"""

from __future__ import annotations

from router.ledger.sql.migrations.rollups import fold_again

revision = "0031_rollups_of_rules"
down_revision = "0030_rollups_of_replies_alone"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    fold_again()
