"""Runs the migrations on the connection that `router.ledger.sql.database` gives; no ini file."""

from __future__ import annotations

from alembic import context

from router.ledger.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
