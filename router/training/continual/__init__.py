"""Teaches a head new rows without losing what it knew."""
