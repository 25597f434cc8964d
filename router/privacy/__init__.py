"""Protects texts from other readers: redaction, encryption, and the seals of providers."""
