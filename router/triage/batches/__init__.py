"""Reads many texts in one run: by rules, the encoder, heads and approved answers."""
