"""Response caches in memory: exact and semantic, bounded in number, size and age."""
