"""Turns a judge's score into the chance that an answer is right, fitted on known outcomes.

Pure. A calibration holds for one rubric's text and one judge's model: others mean other scores. It
reads and writes its own JSON, and knows nothing about judges' words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
from msgspec import Struct

LEAST_OUTCOMES = 60
"""Outcomes behind a calibration: a slope and a shift then err by about .1 in the middle."""
LEAST_EACH = 10
"""Right and wrong answers that are each needed: nothing is known of a kind that is hardly seen."""
SCHEMA = "tiergate/judge-calibration/1"
_INSIDE = 0.02
"""Moves scores of 0 and 1 inwards: five grades and a few criteria say nothing finer."""


class JudgeCalibration(Struct, frozen=True):
    """Holds p = sigmoid(slope * logit(score) + shift), and what it was fitted on."""

    schema: str
    rubric: str  # the rubric's digest
    model: str  # the judge's
    slope: float
    shift: float
    outcomes: int
    wrong: int
    auroc: float  # how far scores tell right answers from wrong ones; .5 is chance

    def __call__(self, score: float) -> float:
        """Returns the chance that an answer of this score is right.

        >>> JudgeCalibration(SCHEMA, "r", "m", 1.0, 0.0, 60, 10, .8)(.75)
        0.75
        """
        return 1.0 / (1.0 + math.exp(-(self.slope * _logit(score) + self.shift)))

    def to_text(self) -> str:
        """Returns the file's text; `read_calibration` reads it."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"


class TooFewOutcomes(ValueError):
    """Says how many outcomes there are, and how many a calibration needs."""


def read_calibration(text: str) -> JudgeCalibration:
    """Returns the calibration in a file's text. Raises ValueError for anything else."""
    try:
        read = msgspec.json.decode(text.encode(), type=JudgeCalibration)
    except msgspec.MsgspecError as error:
        raise ValueError(f"no calibration of a judge: {error}") from error
    if read.schema != SCHEMA or read.outcomes < LEAST_OUTCOMES:
        raise ValueError(f"schema {read.schema!r} on {read.outcomes} outcomes")
    return read


def fit_calibration(
    scores: Sequence[float], right: Sequence[bool], rubric: str, model: str
) -> JudgeCalibration:
    """Returns the calibration of least log loss. Raises TooFewOutcomes.

    Source: Platt 1999. A judge that tells nothing apart gets a slope near 0, and then every score
    means the share of right answers.
    """
    wrong = sum(not one for one in right)
    if len(right) < LEAST_OUTCOMES or min(wrong, len(right) - wrong) < LEAST_EACH:
        raise TooFewOutcomes(
            f"found {len(right)} judged answers with an outcome, {wrong} of them wrong; expected "
            f"at least {LEAST_OUTCOMES}, and {LEAST_EACH} right and wrong ones each"
        )
    # numpy is loaded for fitting alone: a request needs one exponential.
    import numpy as np

    from router.stats.calibration import auroc, fit_logistic

    rights = np.array(right, dtype=float)
    columns = np.column_stack([[_logit(score) for score in scores], np.ones(len(right))])
    weak = np.array([0.5, 0.05])
    slope, shift = fit_logistic(columns, rights, np.zeros(2), weak)
    return JudgeCalibration(
        SCHEMA,
        rubric,
        model,
        round(float(slope), 6),
        round(float(shift), 6),
        len(right),
        wrong,
        round(auroc(np.array(scores), rights > 0.5), 4),
    )


def auroc_span(scores: Sequence[float], right: Sequence[bool]) -> tuple[float, float]:
    """Returns the 95 % interval of `auroc`, by a bootstrap over the judged answers."""
    import numpy as np

    from router.stats.calibration import auroc
    from router.stats.measures import Draws, Rows, intervals, with_width

    judged, rights = np.array(scores), np.array(right, dtype=bool)
    draws = Draws()

    def measure(rows: Rows) -> list[float]:
        return [auroc(judged[rows], rights[rows])]

    (span,) = intervals(measure, len(rights), draws)
    low, high = with_width(span, draws.rarest(rights))
    return round(low, 4), round(high, 4)


def _logit(score: float) -> float:
    inside = min(max(score, _INSIDE), 1.0 - _INSIDE)
    return math.log(inside / (1.0 - inside))
