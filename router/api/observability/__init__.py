"""Counts for Prometheus and writes the event log."""
