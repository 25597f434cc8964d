"""Defines the policy file: its schema, its loading and checks, and the files it names."""
