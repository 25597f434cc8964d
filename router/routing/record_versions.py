"""Numbers the rules that decide. A stored row is decided again by the rules of its time."""

RECORD_VERSION = 3

STAND_INS_FROM = 2
"""Rows of earlier versions were decided without rungs that stand in for failed ones."""

IN_HAND_FROM = 3
"""Rows of earlier versions bought the next rung although it was known to be worse than level 1's
answer, and called the best of the rungs allowed the one of the lowest expected loss."""
