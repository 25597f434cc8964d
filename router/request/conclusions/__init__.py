"""How a request ends: what speaks against its answer, and whom that is told."""
