"""Roll-ups are added up anew: they now know tags, endpoints and requests without an answer.

What purged rows added up to is all that is left of them, so it stays, without the new names. The
other rows are folded again by whoever opens the ledger next; nothing is computed here.
"""

from __future__ import annotations

from router.ledger.sql.migrations.rollups import fold_again

revision = "0009_rollups_to_charge"
down_revision = "0008_no_hold_below_zero"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    fold_again()
