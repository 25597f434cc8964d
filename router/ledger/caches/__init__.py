"""Response caches in memory, bounded in number, size and age."""
