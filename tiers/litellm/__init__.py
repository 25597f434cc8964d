"""Providers that litellm knows."""
