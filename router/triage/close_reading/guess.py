"""Foresees what a larger encoder will say of a text, so that it reads only what may decide.

A line is fitted to the encoder's log-odds over what is known before: the small encoder's vector,
the head's chance, and the characters. The encoder may say more than the guess, by at most `margin`:
so much, and a reserve, that of the harmful lines of all authors that it raised to SURE at most two
in a thousand would be passed over without the reserve.
Where even that leaves the chance below the lowest one that the policy asks for, nothing is left to
decide, and the chance by the guess stands in for the encoder's. Pure.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.stats.calibration import Floats, logit
from router.stats.heads import Embeddings

SURE = 0.94
"""Chance for which the margin is fitted: shipped policies refuse from it. With a lower bound of a
policy, one in fifty harmful lines that the encoder raises to it is passed over."""

NEAR = 0.5
"""Cosine to an approved question from which a text may get its answer. Of 9,000 texts of twenty
kinds, all but a few that matched an answer at .85 are that near, and 4 % of prompts that no company
is asked."""


class Guess(Struct, frozen=True, eq=False):
    """Holds the fitted line; `margin` is in log-odds of the encoder."""

    weight: npt.NDArray[np.float32]  # (width,), of the vector
    by_head: float  # of the log-odds of the head's chance
    by_characters: float  # of the log-odds by characters
    bias: float
    margin: float

    def __call__(self, vectors: Embeddings, chances: Floats, characters: Floats) -> Floats:
        """Returns the encoder's log-odds as foreseen, (texts,)."""
        by_head = self.by_head * logit(chances)
        foreseen: Floats = vectors @ self.weight + by_head + self.by_characters * characters
        return foreseen + self.bias


class Bounds(Struct, frozen=True):
    """Holds the lowest chances of one head that change what a policy does.

    `near` counts for a text that is close to an approved question, since a harmful text gets no
    approved answer; `apart` for all others. 0: every chance counts.
    """

    apart: float = 0.0
    near: float = 0.0
