"""Reads a message together with the approved answers that may fit it."""
