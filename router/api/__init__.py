"""Serves HTTP: the composition root, the endpoints and the serving processes."""
