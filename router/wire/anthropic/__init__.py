"""Translates Anthropic's messages."""
