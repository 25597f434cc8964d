"""The policy file: its schema, how it is loaded and checked, and what it refers to."""
