"""Adds windows of keys, policies and tiers, what a key reaches, and until when it does so.

The windows of tenants stay as they are: each names only a tenant. Older keys still reach all
policies and tiers.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_windows_of_any_scope"
down_revision = "0002_what_prices_ask_for"
branch_labels = None
depends_on = None

KEPT = "start_ms, spent_nano_usd, held_nano_usd, purged_nano_usd"


def upgrade() -> None:
    """Copy the windows, whose key is now longer; SQLite cannot change a primary key in place."""
    op.rename_table("budget_windows", "budget_windows_0002")
    op.create_table(
        "budget_windows",
        *(sa.Column(name, sa.Text(), nullable=False) for name in SCOPE),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("spent_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("held_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("purged_nano_usd", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*SCOPE, "kind", "start_ms", name="budget_windows_by_scope"),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO budget_windows (tenant, key_id, policy, tier, kind, {KEPT}) "
        f"SELECT tenant, '', '', '', kind, {KEPT} FROM budget_windows_0002"
    )
    op.drop_table("budget_windows_0002")
    op.create_table(
        "budget_watches",
        sa.Column("named", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("checked_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("named", "kind"),
        sqlite_with_rowid=False,
    )
    for name in ("policies", "tiers"):
        op.add_column(
            "keys", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("'[]'"))
        )
    op.add_column("keys", sa.Column("expires_at_ms", sa.BigInteger(), nullable=True))
    op.add_column("keys", sa.Column("previous_sha256", sa.LargeBinary(), nullable=True))
    op.add_column("keys", sa.Column("previous_until_ms", sa.BigInteger(), nullable=True))


SCOPE = ("tenant", "key_id", "policy", "tier")
