"""Training data: sources, cleaning, labels, synthetic texts."""
