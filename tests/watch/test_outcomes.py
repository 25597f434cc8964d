"""What was outcome_readings of answers, as alerts read it."""

from __future__ import annotations

import random
import re
from functools import cache

import numpy as np

from router.policy.sections.learning import Watched
from router.types import TrueOutcome
from router.watch.outcomes import outcome_readings
from router.watch.readings import Reading

ABOVE, LOOKS, EVERY, RUNS = 0.1, 20, 20, 100


def test_looking_again_and_again_adds_no_false_alarm() -> None:
    """As many answers are wrong as are tolerated; one look in twenty may be wrong, of all looks."""
    right, wrong = TrueOutcome("r", correct=True), TrueOutcome("w", correct=False)

    @cache
    def alarmed(bad: int, of: int) -> bool:
        (share, _), *_ = outcome_readings({"acme": [wrong] * bad + [right] * (of - bad)})
        return share.value > ABOVE

    chance, alarms = random.Random(7), 0
    for _ in range(RUNS):
        said = [chance.random() < ABOVE for _ in range(LOOKS * EVERY)]
        counts = [(sum(said[: n * EVERY]), n * EVERY) for n in range(1, LOOKS + 1)]
        alarms += any(alarmed(bad, of) for bad, of in counts)
    assert alarms <= 0.05 * RUNS


def calibration(seed: int, count: int, over: float) -> Reading:
    """The reading of answers whose confidence is higher by this than how often they are right."""
    chance = np.random.default_rng(seed)
    stated = chance.uniform(0.5, 0.95, count)
    right = chance.random(count) < stated - over
    outcomes = [
        TrueOutcome(f"r{n}", correct=bool(ok), confidence=float(p))
        for n, (p, ok) in enumerate(zip(stated, right, strict=True))
    ]
    (reading,) = (
        one for one, _ in outcome_readings({"acme": outcomes}) if one.watched is Watched.CALIBRATION
    )
    return reading


def test_calibration_has_an_interval() -> None:
    found = re.match(
        r"ECE ([.\d]+) \(([.\d]+) to ([.\d]+)\) of 300", calibration(1, 300, 0.2).detail
    )
    assert found is not None
    value, low, high = map(float, found.groups())
    assert low < value < high
    assert low > 0.1


def test_honest_confidence_seldom_exceeds_chance() -> None:
    excess = [calibration(seed, 60, 0.0).value for seed in range(10)]
    assert sum(value > 0 for value in excess) <= 2  # half of one is expected


def test_confidence_that_is_too_high_is_found() -> None:
    assert min(calibration(seed, 300, 0.25).value for seed in range(3)) > 0.05
