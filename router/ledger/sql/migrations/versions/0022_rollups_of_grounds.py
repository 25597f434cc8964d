"""Roll-ups are added up anew: they count what the chances of accepted answers rest on.

The part of the purged rows stays as it is, since nothing else is left of them. The next program
that opens the ledger folds the other rows again; nothing is computed here.
"""

from __future__ import annotations

from alembic import op

revision = "0022_rollups_of_grounds"
down_revision = "0021_rollups_without_a_tier"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the part of the purged rows, and begin every chain again."""
    op.execute("DELETE FROM rollups WHERE purged = 0")
    op.execute(
        "INSERT INTO rollups (kind, start_ms, tenant, name, purged, requests, cost_nano_usd, "
        "content) SELECT kind, start_ms, tenant, name, 0, requests, cost_nano_usd, content "
        "FROM rollups WHERE purged = 1"
    )
    op.execute("DELETE FROM rollup_marks")
