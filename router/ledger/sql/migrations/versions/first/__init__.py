"""Holds the first eight migrations; alembic reads all folders in here."""
