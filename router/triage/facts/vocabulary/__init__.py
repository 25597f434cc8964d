"""Everyday words that tell the language of a text."""
