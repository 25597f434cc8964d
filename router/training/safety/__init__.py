"""Trains what `safety` in a policy asks: the head of requests to harm."""
