"""Where rate limits keep their counts: one process, one machine, or Redis."""
