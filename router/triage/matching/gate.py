"""Says of which messages the likely answers are worth reading together with them.

Reading costs milliseconds an answer, and most traffic asks for no approved answer at all. A
logistic regression over what matching knows already tells the messages of companies' customers that
have their answer among the likely ones from what people ask an assistant. It needs no network.
Where nearly all requests are such messages (`Traffic.SUPPORT`), it lets nearly all of them pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from router.stats.calibration import Floats, dotted

GATE = (
    "one",
    "first",
    "stakes_above",
    "outside",
    "typical",
    "third_centre",
    "grown",
)
"""What the gate compares: three features of the verifier, how typical a message is of its likeliest
intent, the cosine to the last of the nearest centres, and how grown the file is. The words that the
intent lacks tell hardly more than these, and cost as much as all of them."""

FIELD = (
    "outside",
    "typical",
    "third_centre",
    "stakes_above",
    "grown_typical",
    "grown_nearest",
    "grown_overlap",
    "grown_uncovered",
    "grown_unknown",
)
"""What speaks for and against a message being of the file's field, whatever its answers say: what
the gate compares, and of a grown file, times how grown it is, the cosine and the shared words of
the nearest question, and the words that the intent or the whole file lacks."""
NO_FIELD: Floats = np.zeros(len(FIELD))

MOST_CHARACTERS = 200
"""About as many as the word pieces that are read of a message have: of a longer one the network
would read the beginning alone."""

FEW_QUESTIONS, MOST_GROWN = 6, 2.0
"""Questions of an answer in a file that has just been written, and the logarithm of the factor up
to which one grows: 44 questions. Between them a file's own fit becomes worth more."""


class Gate(NamedTuple):
    """Holds a regression over GATE, and the log-odds from which answers are read.

    `field` moves the log-odds of all answers that are read: the network was taught what tells an
    answer from its neighbours, and hardly what strangers write.
    """

    coefficients: Floats  # (len(GATE),)
    least: float
    field: Floats = NO_FIELD  # (len(FIELD),)

    def passes(self, features: Sequence[float]) -> bool:
        """Returns True for a message whose answers are read; `features` are those of GATE."""
        return dotted(features, self.coefficients.tolist()) >= self.least

    def field_odds(self, features: Sequence[float]) -> float:
        """Returns by how much the answers of a message are likelier; `features` are FIELD's."""
        return dotted(features, self.field.tolist())


def grown_by(questions: float) -> float:
    """Returns how grown a file is that has so many questions an answer.

    >>> grown_by(3), round(grown_by(20), 2), grown_by(500)
    (0.0, 1.2, 2.0)
    """
    return min(max(math.log(max(questions, 1.0) / FEW_QUESTIONS), 0.0), MOST_GROWN)
