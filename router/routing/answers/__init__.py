"""Reads answers: what their text shows by itself, and what is wrong with their shape."""
