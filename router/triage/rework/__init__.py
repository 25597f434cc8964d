"""Tells a message that only asks to rework or read a given text."""
