"""Splits traffic between a policy and a changed one, and judges the two by sequential tests."""
