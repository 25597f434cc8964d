"""Translates OpenAI's responses."""
