"""Certifies thresholds from labelled traffic."""
