"""Tells people which approved question a text without a match comes nearest to.

It decides nothing: a match has a chance, and this has none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from router.triage.matching.evidence import NOT_COVERED
from router.triage.utterances import Utterances


class Nearest(NamedTuple):
    """Holds the approved question nearest to a text, and why it is no match."""

    intent_id: str  # "" where its words have no English, so that nothing was compared
    question: str
    similarity: float  # cosine of their embeddings, at most 1
    uncovered: bool = False  # it rather asks what the operator marked as not covered
    compared: str = ""  # what was compared where that is not the text itself, "" where it is
    unknown: int = 0  # its words that have no English
    unspoken: str = ""  # its language where no approved answer has words in it


def nearest_of(utterances: Utterances, vector: npt.NDArray[np.float32]) -> Nearest | None:
    """Returns the approved question nearest to an embedding; None where none is approved."""
    near = utterances.vectors @ vector
    names = np.array(utterances.intent_ids)[utterances.owner]
    approved = np.flatnonzero(names != NOT_COVERED)
    if not len(approved):
        return None
    best = int(approved[np.argmax(near[approved])])
    return Nearest(str(names[best]), utterances.texts[best], float(near[best]))
