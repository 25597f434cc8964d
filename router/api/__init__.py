"""The server: the composition root, HTTP, and the processes that serve."""
