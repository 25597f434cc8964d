"""Work that a thread does, so that the event loop can serve others."""
