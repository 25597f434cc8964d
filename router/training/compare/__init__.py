"""`tiergate train compare`: variants of the encoder side by side."""
