"""Holds `tiergate knowledge`: the operator's own documents."""
