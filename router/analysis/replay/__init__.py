"""Recorded traffic decided again under another policy."""
