"""Answers without any model: exact tools, and approved small talk."""
