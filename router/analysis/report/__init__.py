"""Builds the cost report: from ledger rows and roll-ups to figures and sentences."""
