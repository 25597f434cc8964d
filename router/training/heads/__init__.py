"""Fits heads on the encoder's vectors and on n-grams."""
