"""Windows of budgets count what providers stated of calls, where that is more than was booked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from router.money.budgets import WindowKind, window_start

revision = "0020_stated_costs_in_windows"
down_revision = "0019_rollups_of_compared"
branch_labels = None
depends_on = None

_STATED = sa.text(
    "SELECT r.tenant, r.key_id, r.policy, a.tier, a.started_at_ms, "
    "a.provider_cost_nano_usd - a.cost_nano_usd "
    "FROM requests r JOIN attempts a ON a.request_id = r.request_id "
    "WHERE a.provider_cost_nano_usd > a.cost_nano_usd AND a.state <> 'held' "
    # A bill has settled such a call already, by its difference from what was booked.
    "AND NOT EXISTS (SELECT 1 FROM requests c WHERE c.request_id = 'reconcile-' || a.attempt_id)"
)
_BEGIN = sa.text(
    "INSERT INTO budget_windows (tenant, key_id, policy, tier, kind, start_ms, spent_nano_usd, "
    "held_nano_usd, purged_nano_usd) VALUES (:tenant, '', '', '', :kind, :start, 0, 0, 0) "
    "ON CONFLICT (tenant, key_id, policy, tier, kind, start_ms) DO NOTHING"
)
_ADD = sa.text(
    "UPDATE budget_windows SET spent_nano_usd = spent_nano_usd + :more "
    "WHERE kind = :kind AND start_ms = :start AND tenant IN ('', :tenant) "
    "AND key_id IN ('', :key_id) AND policy IN ('', :policy) AND tier IN ('', :tier)"
)
_ALWAYS = (WindowKind.DAY, WindowKind.MONTH)  # of each tenant, also where nothing was booked


def upgrade() -> None:
    """Each such call moves the windows that it counts in by the rest."""
    connection = op.get_bind()
    for tenant, key_id, policy, tier, at_ms, more in connection.execute(_STATED).fetchall():
        payer = {"tenant": tenant, "key_id": key_id, "policy": policy, "tier": tier, "more": more}
        for kind in WindowKind:
            begun = {"kind": kind.value, "start": window_start(kind, at_ms)}
            if kind in _ALWAYS:
                connection.execute(_BEGIN, {"tenant": tenant} | begun)
            connection.execute(_ADD, payer | begun)
