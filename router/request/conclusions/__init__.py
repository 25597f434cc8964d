"""Ends a request: finds what speaks against its answer, and tells whom it concerns."""
