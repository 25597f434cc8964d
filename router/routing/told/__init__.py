"""Moves chances by what was told of past answers."""
