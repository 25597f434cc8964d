"""Holds the first nine migrations; alembic reads all folders in here."""
