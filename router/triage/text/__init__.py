"""Text without a model: amounts, numbers, terms, spelling, turns."""
