"""Long work of threads, so that the event loop can serve others, and deadlines of work."""
