"""What every page and terminal report is made of: HTML, SVG, tables, numbers in words."""
