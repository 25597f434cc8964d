"""Serves `/dashboard`: its data and its static page."""
