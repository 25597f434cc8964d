"""Alembic's numbered steps; run by `sql.database`, and only when the version differs."""
