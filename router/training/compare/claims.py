"""Checks the usual claims about smaller models against measured ratios.

Contains pure functions of numbers; other modules do the measuring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SLACK = 0.05
"""A size or speed within 5 % of the claim counts as reaching it: "4x" has one digit, and a median
moves by as much from run to run. Accuracy has an interval instead."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Claims so many times smaller and faster, keeping this share of the accuracy."""

    smaller: float
    faster: float
    kept: float


CLAIMS: Mapping[str, Claim] = {
    "INT8": Claim(4.0, 2.0, 0.99),
    "INT4": Claim(8.0, 3.0, 0.95),
    "distillation": Claim(2.5, 2.0, 0.90),
    "pruning": Claim(2.0, 1.5, 0.97),
}


class Word(StrEnum):
    """Names the possible results of checking a claim."""

    HOLDS = "holds"
    SHORT = "falls short"
    UNSURE = "too close to tell"


@dataclass(frozen=True, slots=True)
class Ratios:
    """Compares a variant with its reference; `low` to `high` is the interval of `kept`."""

    smaller: float
    faster: float
    kept: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """Holds one word for each part of a claim."""

    smaller: Word
    faster: Word
    kept: Word

    @property
    def all(self) -> Word:
        """Judges the claim as a whole: short if one part is short, held if all parts hold.

        >>> ClaimVerdict(Word.HOLDS, Word.SHORT, Word.UNSURE).all
        <Word.SHORT: 'falls short'>
        """
        words = (self.smaller, self.faster, self.kept)
        return next((word for word in (Word.SHORT, Word.UNSURE) if word in words), Word.HOLDS)


def verdict(claim: Claim, ratios: Ratios) -> ClaimVerdict:
    """Checks the measured ratios against the claim.

    >>> verdict(CLAIMS["INT8"], Ratios(3.9, 1.2, 0.997, 0.992, 1.001)).faster
    <Word.SHORT: 'falls short'>
    """
    return ClaimVerdict(
        _reached(ratios.smaller, claim.smaller),
        _reached(ratios.faster, claim.faster),
        _within(ratios, claim.kept),
    )


def _reached(ratio: float, claimed: float) -> Word:
    return Word.HOLDS if ratio >= claimed * (1 - SLACK) else Word.SHORT


def _within(ratios: Ratios, claimed: float) -> Word:
    if ratios.low >= claimed:
        return Word.HOLDS
    return Word.SHORT if ratios.high < claimed else Word.UNSURE
