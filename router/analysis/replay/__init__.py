"""Decides recorded traffic again under another policy."""
