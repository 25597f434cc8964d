"""Roll-ups are added up anew: latencies are those of replies, and approved words are no call.

They count what climbed, too. The next program that opens the ledger folds the rows again.
"""

from __future__ import annotations

from router.ledger.sql.migrations.rollups import fold_again

revision = "0030_rollups_of_replies_alone"
down_revision = "0029_rollups_of_words"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    fold_again()
