"""Pieces of streams, whichever way their servers cut and count them."""
