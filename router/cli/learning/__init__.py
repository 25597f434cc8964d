"""Commands that learn from what was told of past answers."""
