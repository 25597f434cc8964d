"""The steps of one request, which `gateway.py` calls in their order."""
