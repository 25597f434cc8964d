"""Says which approved words fit a request."""
