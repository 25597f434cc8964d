"""Roll-ups are added up anew: labels and vectors are no answers, failed calls no discarded drafts.

What an upstream rejected is told apart, our key or the request. The part of the purged rows stays
as it is, since nothing else is left of them. The next program that opens the ledger folds the other
rows again; nothing is computed here.
"""

from __future__ import annotations

from router.ledger.sql.migrations.rollups import fold_again

revision = "0027_rollups_of_answers_alone"
down_revision = "0026_rollups_of_unmade_calls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    fold_again()
