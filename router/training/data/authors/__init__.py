"""Reads what our authors wrote of grave matters, of what only sounds like them, and of money."""
