"""Handles HTTP: connections, keys, bodies, headers, idempotency. `endpoints` has the endpoints."""
