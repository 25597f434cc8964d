"""Translates wire formats: JSON to our types and back. Pure: bytes in, values out, and back."""
