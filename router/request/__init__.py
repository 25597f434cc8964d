"""What the gateway calls for one request, in the order in which it calls it."""
