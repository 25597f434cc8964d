"""Puts families of endpoints together with their stores, and mounts their paths."""
