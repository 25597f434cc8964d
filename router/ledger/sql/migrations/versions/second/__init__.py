"""Holds the next nine migrations, 0011 to 0019; alembic reads all folders in here."""
