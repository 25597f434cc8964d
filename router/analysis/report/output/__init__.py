"""The cost report as text, HTML, JSON and CSV."""
