"""Builds, rates and probes the answerers that a policy names."""
