"""Reads what an operator wrote in further languages: answers, glossaries, values of lookups."""
