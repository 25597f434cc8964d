"""Trains the reranker of approved answers."""
