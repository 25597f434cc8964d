"""Computes probabilities: calibrators, heads, exact bounds, histograms. Knows no request."""
