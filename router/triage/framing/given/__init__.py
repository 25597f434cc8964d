"""Knows what programs ask of a text that they hand over with it."""
