"""Defines commands about the ledger: rows, export, report, keys, reviews, reconciliation."""
