"""Calls to servers that are no answerers: receivers of alerts, trackers of experiments."""
