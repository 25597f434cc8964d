"""Watches recorded traffic for what somebody must know, and tells them."""
