"""Watches recorded traffic for what an operator must know, and sends messages about it."""
