"""Reads files that people write: text, YAML with line numbers, JSON Schema."""
