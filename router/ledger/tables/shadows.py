"""Reads what shadows have cost: the rows of calls that no client asked for."""

from __future__ import annotations

from router.ledger.row_reading import SHADOW
from router.ledger.sql.database import Database


def shadows_spent(database: Database, since_ms: int) -> dict[str, int]:
    """Returns what shadows since a time (epoch ms) have cost, in nano-dollars by policy.

    Calls whose outcome is unknown count at their hold. Blocks. Raises LedgerError.
    """
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT policy, SUM(cost_nano_usd) FROM requests "
            "WHERE created_at_ms >= ? AND endpoint = ? GROUP BY policy",
            (since_ms, SHADOW),
        ).fetchall()
    return {str(policy): int(nano_usd) for policy, nano_usd in rows}
