"""Alembic's numbered steps; run by `router.ledger.database`, and only when the version differs."""
