"""Reads many texts in one batch: by rules, the encoder, heads and approved answers."""
