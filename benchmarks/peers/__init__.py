"""Measures other gateways beside ours: `make bench-peers`."""
