"""Training of the triage model; imported by the command line alone, never while serving.

It knows nothing about requests, tiers or policies. torch is imported inside the functions of
`student`, `teacher`, `distil` and `export` only, so that a head can be refitted without it.
"""
