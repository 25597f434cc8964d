"""Texts that hide their words from rules, and what they say."""
