"""Takes reviewers' minutes out of the windows of budgets, which count only calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from router.money.budgets import WindowKind, window_start

revision = "0006_reviews_in_no_budget"
down_revision = "0005_rollups"
branch_labels = None
depends_on = None

_BOOKED = sa.text(
    "SELECT r.tenant, r.key_id, r.policy, a.tier, a.started_at_ms, a.cost_nano_usd "
    "FROM requests r JOIN attempts a ON a.request_id = r.request_id "
    "WHERE r.endpoint = 'review' AND a.role = 'review'"
)
_TAKE_OUT = sa.text(
    "UPDATE budget_windows SET spent_nano_usd = spent_nano_usd - :cost "
    "WHERE kind = :kind AND start_ms = :start AND tenant IN ('', :tenant) "
    "AND key_id IN ('', :key_id) AND policy IN ('', :policy) AND tier IN ('', :tier)"
)


def upgrade() -> None:
    """Each review moves the windows that it moved when it was booked, back."""
    connection = op.get_bind()
    for tenant, key_id, policy, tier, at_ms, cost in connection.execute(_BOOKED).fetchall():
        payer = {"tenant": tenant, "key_id": key_id, "policy": policy, "tier": tier, "cost": cost}
        for kind in WindowKind:
            begun = {"kind": kind.value, "start": window_start(kind, at_ms)}
            connection.execute(_TAKE_OUT, payer | begun)
