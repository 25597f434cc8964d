"""Reads fields in one text by rules: items with their place, findings, figures, a verdict."""
