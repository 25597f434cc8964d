"""Weighs what speaks for and against the approved answer that a request comes nearest to."""
