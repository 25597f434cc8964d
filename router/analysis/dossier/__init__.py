"""Builds the dossier of one decision: all that stands behind it, for somebody to sign."""
