"""Describes a policy's hard rules, and the lists of terms and the heads that they name."""
