"""Says if a candidate may be handed over, and why not. Pure.

Rows were judged twice, by the head of before and by the candidate. What counts is rows that the
head found and the candidate does not; a few rows more or less are chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.stats.calibration import Floats
from router.stats.exact_bounds import at_most
from router.stats.softmax_regression import Labels

SURE = 0.9
"""The chance from which a head is sure of its label."""
CONTRADICTING = 0.1
"""The share of new labels that may contradict a sure head: so many are corrections, as a rule."""
CHANCE = 0.01
"""How seldom rows of a class may be lost by mere chance before it counts as lost."""
TINY = 1e-9  # of two shares that are equal but for rounding
Flags = npt.NDArray[np.bool_]


class Margins(Struct, frozen=True):
    """Sets what a candidate may lose, as shares 0..1."""

    old: float = 0.01  # of the accuracy on the fixed old set
    a_class: float = 0.1  # of the rows of one class that were found
    contradicting: float = (
        CONTRADICTING  # of new rows on which the head of before was sure, beyond usual
    )
    new: float = 0.0  # of the accuracy on new rows that did not teach


class Judged(Struct, frozen=True, eq=False):
    """Holds rows with the labels that both heads give them."""

    labels: Labels
    before: Labels
    after: Labels

    def part(self, rows: slice) -> Judged:
        """Returns some of the rows."""
        return Judged(self.labels[rows], self.before[rows], self.after[rows])

    @property
    def was(self) -> float:
        return float((self.before == self.labels).mean()) if len(self.labels) else 1.0

    @property
    def now(self) -> float:
        return float((self.after == self.labels).mean()) if len(self.labels) else 1.0


class Contradiction(Struct, frozen=True):
    """Holds on how many rows the head of before was sure, and how many of them say otherwise."""

    sure: int
    otherwise: int
    usual: float  # the same share on the fixed old set

    @property
    def share(self) -> float:
        return self.otherwise / self.sure if self.sure else 0.0


class Doubted(Struct, frozen=True):
    """Counts the new labels of one source: a reviewer with a key, or a file of labels."""

    key_id: str  # "" for labels of a file
    reviewer: str
    labels: int
    sure: int  # of them, those where the head of before was sure
    otherwise: int  # of those, the labels that say otherwise

    @property
    def excess(self) -> float:
        """Returns how many more say otherwise than may."""
        return self.otherwise - CONTRADICTING * self.sure


def doubted(givers: Sequence[tuple[str, str]], labels: Labels, chances: Floats) -> list[Doubted]:
    """Returns who gave labels that contradict a sure head; first whose exceed most what may be.

    `givers` are the key and the reviewer of each label.
    """
    sure, otherwise = _contradicting(labels, chances)
    doubts = []
    for giver in sorted(set(givers)):
        own = np.array([one == giver for one in givers])
        one = Doubted(*giver, int(own.sum()), int((own & sure).sum()), int((own & otherwise).sum()))
        doubts.append(one)
    return sorted((one for one in doubts if one.otherwise), key=lambda one: -one.excess)


def contradiction(labels: Labels, chances: Floats, usual: float = 0.0) -> Contradiction:
    """Returns how often labels contradict a sure head. Rows of classes that came later (labels
    beyond its columns) do not count."""
    sure, otherwise = _contradicting(labels, chances)
    return Contradiction(int(sure.sum()), int(otherwise.sum()), round(usual, 4))


def _contradicting(labels: Labels, chances: Floats) -> tuple[Flags, Flags]:
    """Returns on which rows the head is sure, and which of their labels say otherwise."""
    sure = (labels < chances.shape[1]) & (chances.max(axis=1) >= SURE)
    return sure, sure & (chances.argmax(axis=1) != labels)


def refusals(
    old: Judged,
    new: Judged,
    contradicted: Contradiction,
    classes: Sequence[str],
    margins: Margins,
) -> list[str]:
    """Returns why the candidate may not be handed over; nothing where it may."""
    reasons = []
    if old.was - old.now > margins.old + TINY:
        reasons.append(
            f"the fixed old set: {old.now:.1%} right, {old.was:.1%} before; at most "
            f"{100 * margins.old:g} points may be lost"
        )
    reasons += _classes(old, classes, margins)
    # The share must be too high beyond what chance explains, so that ten rows refuse nothing.
    bound = contradicted.usual + margins.contradicting
    by_chance = _at_least(contradicted.otherwise, contradicted.sure, bound)
    if contradicted.share > bound and by_chance < CHANCE:
        reasons.append(
            f"contradictions: {contradicted.otherwise} of {contradicted.sure} new labels say "
            f"otherwise where the head was sure ({contradicted.share:.0%}; at most {bound:.0%} may)"
        )
    if new.was - new.now > margins.new + TINY:
        reasons.append(
            f"the new rows that did not teach: {new.now:.1%} right, {new.was:.1%} before; nothing "
            "was learnt"
        )
    return reasons


def _classes(old: Judged, classes: Sequence[str], margins: Margins) -> list[str]:
    reasons = []
    for k in np.unique(old.labels).tolist():
        rows = old.labels == k
        was, now = old.before[rows] == k, old.after[rows] == k
        lost, won = int((was & ~now).sum()), int((~was & now).sum())
        # A sign test: of rows that changed, so many lost ones would be chance seldom enough.
        by_chance = _at_least(lost, lost + won, 0.5)
        if (lost - won) / len(was) > margins.a_class and by_chance < 2 * CHANCE:
            reasons.append(
                f"class {classes[k]}: {int(now.sum())} of {len(was)} rows found, "
                f"{int(was.sum())} before"
            )
    return reasons


def _at_least(count: int, of: int, rate: float) -> float:
    """Returns P(X >= count) for X ~ Binomial(of, rate)."""
    return 1.0 - at_most(count - 1, of, min(rate, 1.0)) if count else 1.0
