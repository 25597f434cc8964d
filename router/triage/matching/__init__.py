"""Weighs what speaks for the approved answer that a request comes nearest to."""
