"""Keeps daily sums of finished rows, for reports."""
