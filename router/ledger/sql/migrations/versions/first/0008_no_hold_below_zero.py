"""No window holds less than nothing: a budget would grow by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from router.money.budgets import WindowKind, window_end

revision = "0008_no_hold_below_zero"
down_revision = "0007_replies"
branch_labels = None
depends_on = None

KEY = ("tenant", "key_id", "policy", "tier")
COLUMNS = ", ".join((*KEY, "kind", "start_ms", "spent_nano_usd, held_nano_usd, purged_nano_usd"))
_BELOW = sa.text(
    "SELECT tenant, key_id, policy, tier, kind, start_ms FROM budget_windows "
    "WHERE held_nano_usd < 0"
)
_HELD = (
    "SELECT coalesce(sum(a.held_nano_usd), 0) FROM attempts a JOIN requests r "
    "ON r.request_id = a.request_id WHERE a.state = 'held' AND a.role <> 'review' "
    "AND a.started_at_ms >= :start AND a.started_at_ms < :end"
)
_NAMED = {"tenant": "r.tenant", "key_id": "r.key_id", "policy": "r.policy", "tier": "a.tier"}
_MEND = sa.text(
    "UPDATE budget_windows SET held_nano_usd = :held WHERE tenant = :tenant AND key_id = :key_id "
    "AND policy = :policy AND tier = :tier AND kind = :kind AND start_ms = :start"
)


def upgrade() -> None:
    """Windows below nothing get what their open attempts hold; SQLite needs the table anew."""
    connection = op.get_bind()
    for *names, kind, start in connection.execute(_BELOW).fetchall():
        window = dict(zip(KEY, names, strict=True))
        within = {"start": start, "end": window_end(WindowKind(kind), start)}
        where = "".join(f" AND {_NAMED[name]} = :{name}" for name in KEY if window[name])
        held = connection.execute(sa.text(_HELD + where), window | within).scalar_one()
        connection.execute(_MEND, {**window, "kind": kind, "start": start, "held": int(held)})
    op.rename_table("budget_windows", "budget_windows_0007")
    op.create_table(
        "budget_windows",
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*KEY, "kind")),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("spent_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("held_nano_usd", sa.BigInteger(), nullable=False),
        sa.Column("purged_nano_usd", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*KEY, "kind", "start_ms", name="budget_windows_by_window"),
        sa.CheckConstraint("held_nano_usd >= 0", name="budget_windows_hold_no_less_than_nothing"),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO budget_windows ({COLUMNS}) SELECT {COLUMNS} FROM budget_windows_0007")
    op.drop_table("budget_windows_0007")
