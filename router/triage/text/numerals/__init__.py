"""Numbers in words, in languages that build them otherwise than English."""
