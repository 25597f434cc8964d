"""Deliberates: a decision in recorded steps, with worksheets and figures that code checks."""
