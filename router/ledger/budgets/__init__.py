"""Keeps budgets in the ledger: windows of money, holds, and the amounts that are left."""
