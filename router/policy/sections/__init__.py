"""Describes the sections of a policy, one module per subject."""
