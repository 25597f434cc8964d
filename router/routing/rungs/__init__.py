"""Holds answerers as rungs of a ladder: what they cost, which are allowed, and why not."""
