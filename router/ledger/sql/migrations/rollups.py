"""Has roll-ups added up anew: what each migration does after which they count something more."""

from __future__ import annotations

from alembic import op


def fold_again() -> None:
    """Leaves the part of the purged rows, and begins every chain again; computes nothing."""
    op.execute("DELETE FROM rollups WHERE purged = 0")
    op.execute(
        "INSERT INTO rollups (kind, start_ms, tenant, name, purged, requests, cost_nano_usd, "
        "content) SELECT kind, start_ms, tenant, name, 0, requests, cost_nano_usd, content "
        "FROM rollups WHERE purged = 1"
    )
    op.execute("DELETE FROM rollup_marks")
