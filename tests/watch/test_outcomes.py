"""What was told of answers, as alerts read it."""

from __future__ import annotations

import random
from functools import cache

from router.types import TrueOutcome
from router.watch.outcomes import told

ABOVE, LOOKS, EVERY, RUNS = 0.1, 20, 20, 100


def test_looking_again_and_again_adds_no_false_alarm() -> None:
    """As many answers are wrong as are tolerated; one look in twenty may be wrong, of all looks."""
    right, wrong = TrueOutcome("r", correct=True), TrueOutcome("w", correct=False)

    @cache
    def alarmed(bad: int, of: int) -> bool:
        (share, _), *_ = told({"acme": [wrong] * bad + [right] * (of - bad)})
        return share.value > ABOVE

    chance, alarms = random.Random(7), 0
    for _ in range(RUNS):
        said = [chance.random() < ABOVE for _ in range(LOOKS * EVERY)]
        counts = [(sum(said[: n * EVERY]), n * EVERY) for n in range(1, LOOKS + 1)]
        alarms += any(alarmed(bad, of) for bad, of in counts)
    assert alarms <= 0.05 * RUNS
