"""Texts of other languages, read through a glossary: word for word in English, then as English."""
