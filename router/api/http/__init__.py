"""HTTP: connections, keys, bodies, headers, idempotency. Endpoints are in `endpoints`."""
