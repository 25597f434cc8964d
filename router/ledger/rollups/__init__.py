"""Daily sums of finished rows, for reports."""
