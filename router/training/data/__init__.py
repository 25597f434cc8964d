"""Prepares training data: sources, cleaning, labels, synthetic texts."""
