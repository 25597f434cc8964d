"""Answers judged by a model with a rubric: what the judge is asked, and what it said. Pure."""
