"""Reads a text closely where a head is unsure: a larger encoder, and characters."""
