"""Renders the parts of every page and terminal report: HTML, SVG, tables, numbers in words."""
