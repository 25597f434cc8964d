"""Prometheus metrics and the event log."""
