"""Says what a ledger covers: the times of its first and last request, and whose they are.

It knows nothing about what a request cost.
"""

from __future__ import annotations

from router.ledger.sql.database import Database

_TENANT_TABLES = ("requests", "rollups", "keys", "reviews", "budget_windows", "texts", "files")
"""Lists what holds a tenant's name: roll-ups also after a purge, keys before a first request."""


def span(database: Database) -> tuple[int, int] | None:
    """Returns the times of the first and last request, purged ones too; None without any."""
    with database.reading() as connection:
        first, last = connection.exec_driver_sql(
            "SELECT min(at), max(at) FROM (SELECT min(created_at_ms) AS at FROM requests "
            "UNION ALL SELECT max(created_at_ms) FROM requests UNION ALL "
            "SELECT min(start_ms) FROM rollups WHERE kind = 'whole') AS ends"
        ).one()
    return None if first is None else (int(first), int(last))


def tenants(database: Database) -> frozenset[str]:
    """Returns the tenants of whom the ledger has anything. Raises LedgerError."""
    union = " UNION ".join(f"SELECT tenant FROM {table}" for table in _TENANT_TABLES)
    with database.reading() as connection:
        return frozenset(name for (name,) in connection.exec_driver_sql(union) if name)


def has_requests(database: Database, tenant: str) -> bool:
    """Returns True where a request of this tenant is in the ledger; an index answers it."""
    from sqlalchemy import text

    with database.reading() as connection:
        query = text("SELECT 1 FROM requests WHERE tenant = :tenant LIMIT 1")
        return connection.execute(query, {"tenant": tenant}).first() is not None
