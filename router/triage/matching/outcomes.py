"""Fits to a file's own judged requests what reading them together with its answers is worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from router.policy.content.outcomes import JudgedQuestion
from router.policy.content.text_keys import text_key
from router.stats.calibration import Floats, fit_platt, logit
from router.triage.grave import told_of
from router.triage.text.utterance_words import plain
from router.triage.utterances import Described
from router.triage.verifier import Describer
from router.types import READ_LANGUAGES, Match

MOST_READ, LEAST_READ = 300, 50
"""Judged requests that are read together with their answers, seconds in all, and how many different
ones of them show how often that is right."""
NONE_FITTED: Floats = np.empty(0)

Matches = Sequence[Match | None]
Rereads = Callable[[Sequence[str], npt.NDArray[np.float32], Matches], Matches]
"""Weighs the matches of texts anew, by their vectors, (texts, width)."""


class OutcomeUse(Enum):
    """Says what a judged request tells about the chances of its file."""

    WRITTEN = auto()  # nothing: it stands in the file word for word
    NOT_COVERED = auto()  # nothing: it is nearest to what the operator marked as not covered
    COUNTS = auto()  # how often a match is right
    READ = auto()  # that, and how often one is right that was read together with its answers


class OutcomeUses(NamedTuple):
    """Says what the judged requests of a file tell, and which chances rest on them."""

    uses: Sequence[OutcomeUse]  # of each judged request
    rested_on: bool
    fits_reading: bool  # False beside `rested_on`: no message of the file is read


def sampled(outcomes: Sequence[JudgedQuestion]) -> list[JudgedQuestion]:
    """Returns the judged requests that are read: English ones, some of more than MOST_READ."""
    english = [one for one in outcomes if told_of(one.text)[1] in READ_LANGUAGES]
    return english[:: math.ceil(max(1, len(english)) / MOST_READ)]


def different(outcomes: Sequence[JudgedQuestion]) -> int:
    """Returns the number of judged requests, each text once."""
    return len({key_of(outcome) for outcome in outcomes})


def key_of(outcome: JudgedQuestion) -> str:
    """Returns the words by which two judged requests have the same text, without courtesies."""
    return plain(text_key(outcome.text))


def fit_reading(
    outcomes: Sequence[JudgedQuestion],
    model: Describer,
    match: Callable[[Described, Sequence[str]], Matches],
    rereads: Rereads,
) -> Floats | None:
    """Returns slope and shift of the log-odds of matches that were read anew, (2,).

    (0,) where fewer than LEAST_READ different requests are read, or where they say that the surer
    a match is the less it is right. None where nothing could be read.
    """
    some = sampled(outcomes)
    if not some:
        return NONE_FITTED
    texts = [outcome.text for outcome in some]
    described = model.described(texts)
    first = match(described, texts)
    again = rereads(texts, described.vectors, first)
    read = [
        (found, outcome)
        for found, outcome in zip(again, some, strict=True)
        if found is not None and found.basis.read
    ]
    if not read and any(found is not None and found.worth_reading for found in first):
        return None
    if different([outcome for _, outcome in read]) < LEAST_READ:
        return NONE_FITTED
    chances = np.array([found.confidence for found, _ in read])
    right = [found.intent_id == outcome.intent_id for found, outcome in read]
    fitted = fit_platt(logit(chances), np.array(right, dtype=float))
    return np.array([fitted.slope, fitted.shift]) if fitted.slope > 0.0 else NONE_FITTED
