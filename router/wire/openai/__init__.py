"""Translates OpenAI's chat completions, completions, embeddings and moderations."""
