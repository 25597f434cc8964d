"""Leaves out what frames a question, before it is compared with known ones."""
