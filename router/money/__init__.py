"""Computes costs, budgets, prices and rates. Reads no database and calls no tier."""
