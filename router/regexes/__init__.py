"""Regular expressions that are compiled when they are first used."""
