"""Budgets in the ledger: windows of money, holds, and what is left."""
