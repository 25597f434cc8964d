"""Replaces personal details by pseudonyms before a text leaves, and puts them back after it."""
