"""Caches responses in memory, bounded in number, size and age."""
