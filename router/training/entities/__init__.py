"""Trains and reads the texts of the detector of personal details."""
