"""Measures each kind of `tiergate evaluate KIND`, one module per kind."""
