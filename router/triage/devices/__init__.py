"""Runs the encoder on a GPU where there is one, and says what it runs on."""
