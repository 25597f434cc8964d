"""Sums that people tell in sentences of English, step by step or as a small story."""
