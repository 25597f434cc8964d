"""A conversation: its turns' readings merged into signals, and what is remembered of it."""
