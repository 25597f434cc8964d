"""Holds the migrations 0001 to 0010; alembic reads all folders in here."""
