"""Reads a request: text to signals. Knows nothing about tiers, prices or policies."""
