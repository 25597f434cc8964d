"""Trains the triage model; only the command line imports it, never a serving process.

It knows nothing about requests, tiers or policies. torch is imported only inside the functions of
`student`, `teacher`, `distil` and `export`, so that a head can be refitted without it.
"""
