"""Turns feedback and verdicts on past answers into datasets, and chooses what to label next."""
