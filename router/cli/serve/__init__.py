"""Defines `tiergate serve`, `doctor` and `demo`."""
