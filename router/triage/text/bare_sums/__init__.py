"""Finds sums that name no currency."""
