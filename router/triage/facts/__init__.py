"""Finds by rules what one text holds: its language and its phrases."""
