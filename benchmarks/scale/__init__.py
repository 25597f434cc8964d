"""Measures a large installation and several workers: `python -m benchmarks scale`, `workers`."""
