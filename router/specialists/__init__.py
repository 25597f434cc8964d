"""Requests that heads answer without any tier: analysis, moderation, embeddings."""
