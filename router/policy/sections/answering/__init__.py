"""Describes what all answerers have, those that quote, and the documents that answers cite."""
