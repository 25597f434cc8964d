"""Thresholds with a guarantee, from labelled traffic."""
