"""Renders a plan's report as text, HTML, JSON and CSV."""
