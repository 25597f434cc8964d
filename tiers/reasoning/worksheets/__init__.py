"""Holds the worksheets: a model extracts inputs as JSON, and code works the figures out."""
