"""Prices usage at other prices, and compares the ledger with a provider's invoice."""
