"""Renders the cost report as text, HTML, JSON and CSV."""
