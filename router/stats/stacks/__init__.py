"""Reads several heads at once."""
