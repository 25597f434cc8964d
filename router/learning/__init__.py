"""Turns what was told of past answers into datasets, and says what to label next."""
