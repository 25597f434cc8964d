"""Keeps the books: holds, settlements, budget windows, anchors, and their verification."""
