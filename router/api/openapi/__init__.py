"""Serves `/docs` and `/openapi.json`."""
