"""Heads: fitted on the encoder's vectors and on n-grams."""
