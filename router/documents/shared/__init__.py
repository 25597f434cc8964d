"""Keeps documents in PostgreSQL for several machines, each of which searches a copy of its own."""
