"""Numbers behind chances: calibrators, heads, exact bounds, histograms. Knows no request."""
