"""Finds personal details in texts: identifiers by rules, names and addresses by a head too."""
