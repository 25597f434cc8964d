"""Keeps the counts of rate limits: in one process, on one machine, or in Redis."""
