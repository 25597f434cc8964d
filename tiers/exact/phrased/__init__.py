"""Everyday sums in the words of English, German, French and Spanish."""
