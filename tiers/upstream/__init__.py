"""Servers with OpenAI's or Anthropic's API, over HTTP."""
