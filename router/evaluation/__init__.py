"""Measures a triage model on any labelled file, without torch; loaded by `tiergate evaluate`."""
