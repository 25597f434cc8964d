"""Roll-ups are added up anew: each group counts the approved words that stood in for an answer.

A share of accepted answers is no verdict on words, so reports leave it open where a group has
nothing else. The next program that opens the ledger folds the rows again.
"""

from __future__ import annotations

from router.ledger.sql.migrations.rollups import fold_again

revision = "0029_rollups_of_words"
down_revision = "0028_writes_of_an_hour"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    fold_again()
