"""Keeps chunks in SQLite and searches them: words by BM25, meaning by vectors, then a reranking."""
