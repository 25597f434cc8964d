"""Currencies whose names several countries share."""
