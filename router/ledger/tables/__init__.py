"""Keeps the side tables: keys, feedback, reviews, texts, policies, sessions, kept replies."""
