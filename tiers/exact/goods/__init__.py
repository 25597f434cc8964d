"""Works out what goods cost together: a count, a thing and a price of each, in four languages."""
