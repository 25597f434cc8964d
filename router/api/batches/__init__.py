"""Batches of requests over an uploaded file: its lines, their run, and how they are shown."""
