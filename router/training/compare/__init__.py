"""Compares variants of the encoder (`tiergate train compare`)."""
